"""What can go wrong on the wire; one class for each thing a caller does differently."""


class GatewayError(Exception):
    """Root of every error that this product raises on purpose."""


class FieldError(GatewayError):
    """Could not ask the field."""


class LineError(FieldError):
    """The medium is gone: all its devices are lost; reopen with back-off."""


class DeviceError(FieldError):
    """One device did not give a usable answer; its neighbours are not concerned."""


class NoResponse(DeviceError):
    """Nothing usable came in time: count a miss, and ask again when the guard window has passed."""


class BadFrame(DeviceError):
    """Bytes came that fit no answer to the outstanding request: count it, ask again."""


class Refused(DeviceError):
    """The device answered with a Modbus exception: it is alive; asking again will not help."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text or f"exception {code}")
        self.code = code
