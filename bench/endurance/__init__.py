"""How the gateway is after days: growth under faults in virtual time and for real, and 200 pulls of an adapter."""
