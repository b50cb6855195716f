"""FlatBuffers from declarations: a schema as data, and what builds, reads and checks buffers of it."""
