"""The sub-commands of `exposure`, one module each; every module's click object is named `command`."""
