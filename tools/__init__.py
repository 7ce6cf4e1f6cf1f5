"""Scripts for maintainers of the template."""
