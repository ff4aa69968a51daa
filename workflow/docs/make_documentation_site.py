"""Make the documentation site with the page of the published results: `make docs`. It runs no part of the workflow."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workflow/scripts"))

import vl_convert  # noqa: E402

from richlazy.pages import reference_page, results_page, site  # noqa: E402

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "results/documentation"
    library = vl_convert.javascript_bundle(results_page.EXPOSED)
    site.build(ROOT, folder, reference_page.given(ROOT / "results/reference", ROOT, library))
    print(f"Documentation: {folder / 'index.html'}\nResults page:  {folder / 'results.html'}")
