"""What the library needs: the packages of envs/requirements.txt that it imports, from the pinned version on."""

from pathlib import Path

from setuptools import setup

# Headings of envs/requirements.txt; what stands below the others is for the workflow, its report and development.
OF_THE_LIBRARY = ("# Configuration", "# Networks, tasks, numerics", "# Tables and figures", "# Connectome")


def requirements(text: str) -> list[str]:
    """Packages below the headings of the library, each with its pinned version as the oldest."""
    found, wanted = [], False
    for line in text.splitlines():
        wanted = line in OF_THE_LIBRARY if line.startswith("#") else wanted
        package = line.partition("#")[0].strip()
        if wanted and package:
            found.append(package.replace("==", ">="))
    return found


if __name__ == "__main__":
    setup(install_requires=requirements(Path(__file__).with_name("envs").joinpath("requirements.txt").read_text()))
