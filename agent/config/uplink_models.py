"""The part of the configuration that says how to reach the platform."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from agent.config.forms import Interface, Model, Seconds
from agent.language import tr


class TlsModel(Model):
    """TLS to a broker; files in PEM. Without `ca` the system's trust store is used."""

    ca: str | None = Field(None, description="who may sign the broker's certificate")
    certificate: str | None = Field(None, description="ours, where the broker wants one; with `key`")
    key: str | None = Field(None, description="the private key of `certificate`")


def _as_tls(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError(tr("want true or false, or files of one's own (ca, certificate, key)"))
    return {} if value is True else None if value is False else value


class BrokerModel(Model):
    """One broker address and the login."""

    host: str = Field(min_length=1, description="name or address", examples=["192.168.1.10"])
    port: int = Field(1883, ge=1, le=65535, description="8883 is usual with TLS")
    username: str | None = Field(None, description="login, where the broker wants one")
    password_file: str | None = Field(None, description="a file with one line; passwords have no place here")
    tls: Annotated[TlsModel | None, BeforeValidator(_as_tls, json_schema_input_type=TlsModel | bool | None)] = (
        Field(None, description="true, or files of one's own")
    )


class BackupModel(Model):
    """The second way to the platform; it differs from the first in its brokers, its interface, or both."""

    brokers: list[BrokerModel] = Field(
        min_length=1, description="in order of preference", examples=["[{host: 10.8.0.1}]"]
    )
    interface: Interface | None = Field(
        None, description="go out by this network interface only, such as wwan0; as the routes say if left out"
    )


class UplinkModel(Model):
    """How to reach the platform."""

    brokers: list[BrokerModel] = Field(
        min_length=1, description="in order of preference", examples=["[{host: 192.168.1.10}]"]
    )
    protocol: Literal["5", "3.1.1"] = Field("5", description="MQTT version, in quotes")
    keepalive_s: int = Field(30, ge=5, le=3600, description="a silent link is given up after 1.5 times this")
    heartbeat_s: Seconds = Field(30.0, description="the platform calls the gateway lost after three missed")
    confirm_timeout_s: Seconds = Field(5.0, description="a publish unconfirmed for so long breaks the link")
    backoff_first_s: Seconds = Field(0.5, description="pause after the first failure; doubles with each")
    backoff_most_s: Seconds = Field(60.0, description="longest pause between two attempts")
    window: int = Field(16, ge=1, le=1000, description="unconfirmed messages at once; the broker may allow less")
    confirmed_by: Literal["broker", "platform"] = Field(
        "broker", description="who must have an alarm or event before it leaves; platform: by its `confirm`"
    )
    again_after_s: Annotated[float, Field(ge=5, le=3600)] = Field(
        60.0, description="what the platform has not confirmed after so long is sent again"
    )
    # local fault after 30 s: our own goal, from EN 54-21:2006 5.3, which asks for 100 s
    unconfirmed_after_s: Annotated[float, Field(ge=5, le=100)] = Field(
        30.0, description="a fire or one-key alarm unconfirmed for so long is a fault, and sounds the sounder"
    )
    interface: Interface | None = Field(
        None, description="go out by this network interface only, such as eth0; as the routes say if left out"
    )
    backup: BackupModel | None = Field(
        None, description="a second way, kept open too; alarms go by it when the first fails"
    )
