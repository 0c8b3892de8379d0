"""Uninterruptible power supplies that do not speak Modbus."""
