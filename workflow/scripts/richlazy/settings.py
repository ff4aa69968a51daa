"""What every model of the configuration is built on: each key is declared once, with type, range, unit and meaning."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Entries of one group of the configuration.

    Fields have types and ranges of pydantic and a description with the unit. An unknown key, a number in quotes or a
    whole number with a decimal point is a mistake. Rules that join several keys are validators that raise ValueError
    with what follows the place in a sentence, such as ``lacks timing_ms; add it as in config.yaml``.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
