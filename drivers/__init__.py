"""Drivers: wires, protocols and device profiles; usable without the agent."""
