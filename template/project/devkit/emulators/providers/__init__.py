"""One module a protocol; each has `routes(hub)`. A provider that this project does not use has no module here."""
