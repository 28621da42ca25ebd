"""Jobs: their store, their leases, their events."""
