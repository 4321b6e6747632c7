"""The factory: one module a domain, one function a quantity, from the fleet to the money.

Demand (`fleet`, `links`, `telemetry`, `storage`, `training`, `ota`) leads to `decisions`, and these to consequences
(`hardware`, `facility`, `economics`, `carbon`); `trade` says where hardware may stand and who can be served.
"""
