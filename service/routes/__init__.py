"""The routes, one file for each resource; every module's router is named `router`."""
