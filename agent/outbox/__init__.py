"""The one queue. `outbox` is its face: what comes in, and what goes out.

In the event loop: `pending` (what the store does not have yet), `writer` (when it is written), `keeper` (which
store that is: the disk, its successor, or memory), `reading` (what comes next), `platform_word` (confirmed, or
wanted again). For these: `turn` (what one transaction holds), `window` (telemetry that need not be written),
`fresh` (the newest, for whoever is up to date), `rewinds` (readers who must go back), `shelter` (when to leave the
disk).

In the storage thread: `store` (each call one transaction), `spans` (what the platform says of them), `writing`
(rows and books together), `ledger` (the books), `names` (series and places), `rows` and `batches`
(records as rows), `room` (bounds), `refuge` (a store in memory).

When a file is opened or is of no more use: `opening`, `schema`, `migration`, `presence` (is it still at its
path?), `damage`, `salvage` and `takeover` (what the old one still knows goes into a new one).
"""
