-- One row that ingest could not accept. Why a file was refused:
--   SELECT file, line, reason FROM rejected_rows ORDER BY file, line
CREATE TABLE IF NOT EXISTS {rejected_rows} (
  row_id      STRING COMMENT 'Hash of file name, line, reason and text, so that ingesting twice adds nothing',
  file        STRING COMMENT 'The file it stood in',
  line        BIGINT COMMENT 'Line of the file it begins in, from 1; NULL where it is not about one line',
  reason      STRING COMMENT 'Why it was refused, naming the field',
  raw         STRING COMMENT 'The row as it stood there',
  format      STRING COMMENT 'The format it was read as',
  ingested_at TIMESTAMP COMMENT 'When it was refused'
) USING DELTA
COMMENT 'Rows that ingest could not accept, with the reason'
{location}
