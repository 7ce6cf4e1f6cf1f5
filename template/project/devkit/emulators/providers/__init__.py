"""One module a protocol. A provider that this project does not use has no module here.

`routes(hub)` are its paths over HTTP, below the vendor's name. What speaks otherwise has `serve(hub)`: an asynchronous
context manager that yields the variables which lead a worker there.
"""
