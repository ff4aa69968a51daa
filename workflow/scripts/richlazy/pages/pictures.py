"""Figures of a page, within it: smaller than the files, so that the page stays lean."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_WIDTH = 1400
_QUALITY = 60


@dataclass(frozen=True)
class Picture:
    """A figure within a page.

    Attributes:
        address: the picture itself, as a data address.
        width, height: in pixels.
        file: path of the file, relative to the folder of the results.
        name: of the figure, such as ``losses``.
        alternative: what stands in its place for those who do not see it.
        caption: HTML.
    """

    address: str
    width: int
    height: int
    file: str
    name: str
    alternative: str
    caption: str = ""


def picture(file: Path, folder: Path, alternative: str, caption: str = "") -> Picture:
    """A figure from its PNG file, as WebP of at most 1,400 pixels across."""
    with Image.open(file) as original:
        image = original.convert("RGB")
    if image.width > _WIDTH:
        image = image.resize(
            (_WIDTH, round(image.height * _WIDTH / image.width)), Image.Resampling.LANCZOS, reducing_gap=2.0
        )
    content = io.BytesIO()
    image.save(content, "WEBP", quality=_QUALITY, method=4)
    address = f"data:image/webp;base64,{base64.b64encode(content.getvalue()).decode()}"
    shown = file.relative_to(folder).as_posix()
    return Picture(address, image.width, image.height, shown, file.stem, alternative, caption)
