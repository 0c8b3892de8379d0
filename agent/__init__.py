"""The agent: decides what field readings mean and delivers it upstream, losing nothing."""

__version__ = "0.1.0"
