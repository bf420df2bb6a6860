import { queueNames } from './database.ts';

/** Most bytes of a file in one row. */
export const pieceBytes = 1 << 20;

const { own, boss, cells, deadLetters } = queueNames;

/** A name in a path: no dot before it, no slash, backslash or control character in it. */
const pathPart = '[^./\\\\[:cntrl:]][^/\\\\[:cntrl:]]*';

/**
 * What each version of our own tables adds to the one before. pg-boss has versions of its own. A line is never changed
 * once it was released: the next one is added.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE ${own}.experiment (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    priority int NOT NULL CHECK (priority BETWEEN -10 AND 10),
    begun timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE ${own}.cell (
    id uuid PRIMARY KEY,
    content jsonb NOT NULL,
    retries int NOT NULL CHECK (retries >= 0),
    submitted timestamptz NOT NULL DEFAULT now()
  );
  -- One cell may belong to several experiments, and is done once.
  CREATE TABLE ${own}.member (
    experiment uuid NOT NULL REFERENCES ${own}.experiment ON DELETE CASCADE,
    cell uuid NOT NULL REFERENCES ${own}.cell ON DELETE CASCADE,
    place int NOT NULL,
    about jsonb NOT NULL,
    PRIMARY KEY (experiment, cell)
  );
  CREATE INDEX member_cell ON ${own}.member (cell);
  -- Small files that cells read, by the hash of all of their pieces.
  CREATE TABLE ${own}.input (
    hash text NOT NULL,
    number int NOT NULL,
    data bytea NOT NULL CHECK (octet_length(data) <= ${pieceBytes}),
    PRIMARY KEY (hash, number)
  );
  CREATE TABLE ${own}.file (
    cell uuid NOT NULL REFERENCES ${own}.cell ON DELETE CASCADE,
    path text NOT NULL CHECK (path ~ '^${pathPart}(/${pathPart}){0,3}$'),
    hash text NOT NULL,
    bytes bigint NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (cell, path)
  );
  CREATE TABLE ${own}.piece (
    cell uuid NOT NULL REFERENCES ${own}.cell ON DELETE CASCADE,
    path text NOT NULL,
    number int NOT NULL,
    hash bytea NOT NULL,
    data bytea NOT NULL CHECK (octet_length(data) <= ${pieceBytes}),
    PRIMARY KEY (cell, path, number)
  );
  -- Numbers in binary do not get smaller.
  ALTER TABLE ${own}.piece ALTER COLUMN data SET STORAGE EXTERNAL;
  CREATE TABLE ${own}.done (
    cell uuid PRIMARY KEY REFERENCES ${own}.cell ON DELETE CASCADE,
    attempt int NOT NULL,
    worker uuid NOT NULL,
    result jsonb NOT NULL,
    finished timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE ${own}.failure (
    cell uuid NOT NULL REFERENCES ${own}.cell ON DELETE CASCADE,
    attempt int NOT NULL,
    worker uuid NOT NULL,
    message text NOT NULL CHECK (length(message) <= 4000),
    failed timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cell, attempt)
  );
  CREATE TABLE ${own}.worker (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) <= 200),
    program text NOT NULL CHECK (length(program) <= 200),
    cell uuid,
    lacks text[] NOT NULL DEFAULT '{}',
    begun timestamptz NOT NULL DEFAULT now(),
    seen timestamptz NOT NULL DEFAULT now()
  );

  -- The fence: locks the cell's place in the queue for the rest of the transaction, or ends it. A worker whose lease
  -- has passed and whose cell another took over has an older attempt.
  CREATE FUNCTION ${own}.hold(held uuid, attempt int) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM 1 FROM ${boss}.job j
      WHERE j.name = '${cells}' AND j.id = hold.held AND j.state = 'active' AND j.retry_count = hold.attempt FOR UPDATE;
    IF NOT FOUND OR EXISTS (SELECT 1 FROM ${own}.done d WHERE d.cell = hold.held) THEN
      RAISE EXCEPTION 'the cell is not held any more' USING ERRCODE = 'S3D01';
    END IF;
  END $$;

  CREATE FUNCTION ${own}.drop_file(held uuid, attempt int, name text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    DELETE FROM ${own}.piece p WHERE p.cell = held AND p.path = name;
    DELETE FROM ${own}.file f WHERE f.cell = held AND f.path = name;
  END $$;

  CREATE FUNCTION ${own}.put_piece(held uuid, attempt int, name text, number int, hash bytea, data bytea) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    IF sha256(data) <> hash THEN
      RAISE EXCEPTION 'the piece has another hash' USING ERRCODE = 'S3D02';
    END IF;
    INSERT INTO ${own}.piece (cell, path, number, hash, data) VALUES (held, name, number, hash, data);
  END $$;

  CREATE FUNCTION ${own}.put_file(held uuid, attempt int, name text, hash text, bytes bigint) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    INSERT INTO ${own}.file (cell, path, hash, bytes) VALUES (held, name, hash, bytes);
  END $$;

  CREATE FUNCTION ${own}.put_result(held uuid, attempt int, worker uuid, result jsonb) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    INSERT INTO ${own}.done (cell, attempt, worker, result) VALUES (held, attempt, worker, result);
  END $$;

  -- Notes why an attempt has failed. A cell that has failed more often than it may, where nothing else is said by what
  -- its submitter says, goes to the dead letters with this attempt.
  CREATE FUNCTION ${own}.put_failure(held uuid, attempt int, worker uuid, message text, most int) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE over boolean;
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    INSERT INTO ${own}.failure (cell, attempt, worker, message) VALUES (held, attempt, worker, left(message, 4000));
    SELECT count(*) > coalesce(most, (SELECT retries FROM ${own}.cell c WHERE c.id = held))
      INTO over FROM ${own}.failure f WHERE f.cell = held;
    IF over THEN
      UPDATE ${boss}.job j SET retry_limit = attempt WHERE j.name = '${cells}' AND j.id = held;
    END IF;
    RETURN over;
  END $$;

  CREATE FUNCTION ${own}.see_worker(id uuid, name text, program text, cell uuid, lacks text[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO ${own}.worker AS w (id, name, program, cell, lacks)
      VALUES (see_worker.id, see_worker.name, see_worker.program, see_worker.cell, see_worker.lacks)
      ON CONFLICT ON CONSTRAINT worker_pkey DO UPDATE SET cell = excluded.cell, lacks = excluded.lacks, seen = now();
  $$;
  CREATE FUNCTION ${own}.leave_worker(gone uuid) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM ${own}.worker w WHERE w.id = gone OR w.seen < now() - interval '1 day';
  $$;
  `,
  // Refusals are told apart from failures, and submitters do with rights of their own.
  `
  ALTER TABLE ${own}.failure ADD COLUMN kind text NOT NULL DEFAULT 'failed'
    CHECK (kind IN ('failed', 'refused', 'passed on'));

  -- Notes why an attempt has come to nothing. A cell that has failed, or was refused, more often than it may goes to
  -- the dead letters with this attempt. What another worker may do is passed on however often, and noted once.
  DROP FUNCTION ${own}.put_failure;
  CREATE FUNCTION ${own}.put_failure(held uuid, attempt int, worker uuid, message text, kind text, most int)
  RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE over boolean := false;
  BEGIN
    PERFORM ${own}.hold(held, attempt);
    DELETE FROM ${own}.failure f WHERE f.cell = held AND f.kind = 'passed on';
    INSERT INTO ${own}.failure (cell, attempt, worker, message, kind)
      VALUES (held, attempt, worker, left(message, 4000), put_failure.kind);
    IF put_failure.kind <> 'passed on' THEN
      SELECT count(*) > coalesce(most, (SELECT retries FROM ${own}.cell c WHERE c.id = held))
        INTO over FROM ${own}.failure f WHERE f.cell = held AND f.kind = put_failure.kind;
    END IF;
    IF over THEN
      UPDATE ${boss}.job j SET retry_limit = attempt WHERE j.name = '${cells}' AND j.id = held;
    END IF;
    RETURN over;
  END $$;

  -- Cells that have failed for good, or were stopped, are tried as often again as new ones.
  CREATE FUNCTION ${own}.revive(asked uuid[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE revived uuid[];
  BEGIN
    WITH again AS (
      UPDATE ${boss}.job j SET state = 'retry', retry_limit = j.retry_count + 20, completed_on = NULL,
        start_after = ${boss}.job_now()
      WHERE j.name = '${cells}' AND j.id = ANY(asked) AND j.state IN ('failed', 'cancelled') RETURNING j.id
    ) SELECT array_agg(id) INTO revived FROM again;
    DELETE FROM ${own}.failure f WHERE f.cell = ANY(revived);
    DELETE FROM ${boss}.job j WHERE j.name = '${deadLetters}' AND j.source_id = ANY(revived);
  END $$;

  -- Stops the open cells of an experiment that no other waits for, and returns how many.
  CREATE FUNCTION ${own}.stop_cells(experiment text, asked uuid[]) RETURNS int
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE stopped int;
  BEGIN
    UPDATE ${boss}.job j SET state = 'cancelled', completed_on = ${boss}.job_now()
      FROM ${own}.member m JOIN ${own}.experiment e ON e.id = m.experiment
      WHERE e.name = stop_cells.experiment AND m.cell = ANY(asked)
        AND j.name = '${cells}' AND j.id = m.cell AND j.state <= 'active'
        AND NOT EXISTS (SELECT 1 FROM ${own}.member o WHERE o.cell = m.cell AND o.experiment <> m.experiment);
    GET DIAGNOSTICS stopped = ROW_COUNT;
    RETURN stopped;
  END $$;
  `,
];
