"""Placeholder until the profile model lands in the next commit."""


class DeviceProfile: ...
