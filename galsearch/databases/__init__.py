"""Vector databases of others that hold embeddings of galsearch: LanceDB, Qdrant and Milvus."""
