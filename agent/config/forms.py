"""What the configuration's models are made of: the forms of names, and what every model is."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
SITE = r"^[A-Za-z0-9_-]{1,32}$"
REGION = r"^[0-9]{6}$"
INTERFACE = r"^[^\s/:%.][^\s/:%]{0,14}$"
POINT = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_]+$"
CARD = r"^[0-9A-Fa-f]{4,20}$"
CLOCK_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
HOST = r"^[^\s/@\[\]]{1,253}$"
STREAM_PATH = r"^[!-~]{0,200}$"
FACT = r"^[a-z][a-z0-9_]{0,62}$"
Id = Annotated[str, Field(pattern=ID)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
PointName = Annotated[str, Field(pattern=POINT)]
Host = Annotated[str, Field(pattern=HOST)]
StreamPath = Annotated[str, Field(pattern=STREAM_PATH)]
TcpPort = Annotated[int, Field(ge=1, le=65535)]
Interface = Annotated[str, Field(pattern=INTERFACE)]


class Model(BaseModel):
    """A part of the configuration; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
