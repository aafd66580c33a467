"""Images and spectra that a user gives as a query, and their embeddings."""
