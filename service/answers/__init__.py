"""What is answered and in which form: JSON, NDJSON, CSV, Arrow, Parquet; whole, page by page, or not modified."""
