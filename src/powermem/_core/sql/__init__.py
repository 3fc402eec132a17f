"""SQL: the schema, what databases say differently, and every read and write of a store, once, as steps."""
