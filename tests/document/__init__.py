"""The plan as a document: layout, numbers, diagrams."""
