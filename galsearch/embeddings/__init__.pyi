from .embed import EmbedReport as EmbedReport
from .embed import embed_dataset as embed_dataset
from .shard import EmbeddingShard as EmbeddingShard
from .shard import read_shard as read_shard
from .shard import write_shard as write_shard
from .store import EmbeddingStore as EmbeddingStore
from .store import open_store as open_store
from .verify_embeddings import verify_embeddings as verify_embeddings
