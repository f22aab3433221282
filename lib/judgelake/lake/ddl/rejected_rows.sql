-- One row per row that ingest did not accept. Why rows of a file were rejected:
--   SELECT file, line, reason FROM rejected_rows ORDER BY file, line
CREATE TABLE IF NOT EXISTS {rejected_rows} (
  row_id      STRING COMMENT 'Hash of file name, line, reason and text, so that ingesting twice adds nothing',
  file        STRING COMMENT 'The file it was in',
  line        BIGINT COMMENT 'Line of the file on which it begins, from 1; NULL if it does not concern one line',
  reason      STRING COMMENT 'Why it was rejected, naming the field',
  raw         STRING COMMENT 'The row as it was in the file',
  format      STRING COMMENT 'The format it was read as',
  ingested_at TIMESTAMP COMMENT 'When it was rejected'
) USING DELTA
COMMENT 'Rows that ingest did not accept, with the reason'
{location}
