"""Updates of a project that exists: rendered aside, merged by git, applied at once."""
