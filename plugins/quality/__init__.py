"""Quality control of products: the tasks OLQC, their checklists and reports."""
