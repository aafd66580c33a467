"""Commands on data: embed, import, export, convert, cite, fetch a sample."""
