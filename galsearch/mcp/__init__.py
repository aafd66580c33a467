"""The MCP server: queries, estimates and explanations as tools of language models, over stdio.

MCP is the Model Context Protocol (https://modelcontextprotocol.io). The server only reads, and
listens to the program that started it alone. The words of its tools are those of the HTTP service.
"""
