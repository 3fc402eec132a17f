"""Text as terms: tokens, stems, languages, and what is indexed of a memory."""
