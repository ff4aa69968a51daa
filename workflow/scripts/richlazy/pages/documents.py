"""Captions and methods of the report, which are templates of reStructuredText, as HTML."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from docutils.core import publish_parts

# Captions name only what their figure has; what one does not have is empty. Snakemake trims blocks too.
_TEMPLATES = jinja2.Environment(undefined=jinja2.ChainableUndefined, trim_blocks=True, lstrip_blocks=True)
_SETTINGS = {"file_insertion_enabled": False, "raw_enabled": False, "report_level": 5, "_disable_config": True}


def caption(file: Path, params: Mapping[str, Any], wildcards: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """A caption or the methods of the report as HTML.

    Args:
        file: template in workflow/report.
        params, wildcards: of the job that makes the figure, as far as the caption names them.
        config: the configuration, likewise.
    """
    job = SimpleNamespace(params=Words(params), wildcards=Words(wildcards), config=config)
    text = _TEMPLATES.from_string(file.read_text()).render(snakemake=job, categories=[], files=[])
    return str(publish_parts(text, writer="html5", settings_overrides=_SETTINGS)["body"])


class Words(dict[str, Any]):
    """A mapping whose entries are attributes too, as those of Snakemake's jobs are."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None
