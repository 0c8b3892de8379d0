"""The way out. `uplink` is its face: it keeps every way to the platform open, and delivers by the best.

A way is a `path`: one session after the other, hello, heartbeat (`presence`), what it hears, and what became of it
(`history`). `choice` says by which way alarms go, `losses` has it told that one is gone or back (`told`).

Only the chosen way has a `delivery`: `drain` empties the outbox in the order of importance (`mark`: how far it has
come), `again` sends what the platform has not confirmed (`answers`: its word), `board` holds the devices' states,
`suspicion` finds a record that ends every session. All of them publish by a session that is `lent`.

What is said: `topics`, `messages` (payloads) in an `envelope`; what may be said to us: `commands`, most of which
are `orders`, each room's in its own `…_commands`.

The session itself is `mqtt`, on aiomqtt as `ack_client` mends it, with `tls`, out by an `interface`.
"""
