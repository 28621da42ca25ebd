"""What stands before the application: every request passes these, outermost first, before a route sees it."""
