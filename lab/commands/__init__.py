"""The sub-commands of `exposure` that train; every module's click object is named `command`."""
