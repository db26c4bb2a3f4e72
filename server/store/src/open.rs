//! Opening the database file: its mode, its connections, its migrations, and what to say when that fails.

use crate::activity::SqliteActivity;
use crate::batches::SqliteBatches;
use crate::drafts::SqliteDrafts;
use crate::history::SqliteHistory;
use crate::loads::SqliteLoads;
use crate::pipelines::{SqlitePipelineDrafts, SqlitePipelineRuns, SqlitePipelines};
use crate::runs::SqliteRuns;
use crate::saved::SqliteSaved;
use crate::sessions::SqliteSessions;
use crate::shares::SqliteShares;
use crate::table::Table;
use services::ports::store::{PipelineStores, Stores};
use sqlx::SqlitePool;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a write waits for another process that is writing.
const BUSY: Duration = Duration::from_secs(5);
/// How many reads go on at once.
const READERS: u32 = 4;

/// Why the console's database could not be opened. Display names the file and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreOpenError {
    /// The file, or the folder around it, can't be made or reached.
    #[error("can't use the database file `{}`; check the folder's permissions, or choose another data folder", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is something else, or damaged.
    #[error(
        "`{}` is damaged or not a database of this console; restore it from a backup, or move it away to start with an empty one",
        path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A later version of the console has used it.
    #[error(
        "the database `{}` was written by another version of this console; start the newest version that has used it, or choose another data folder",
        path.display()
    )]
    OtherVersion {
        /// Which file.
        path: PathBuf,
        /// Which migration is unknown or differs.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another program holds it.
    #[error("the database `{}` is locked by another program; end that program, or choose another data folder", path.display())]
    Locked {
        /// Which file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else: no space, a failing disk.
    #[error("the database `{}` could not be opened; check the disk's space and health", path.display())]
    Failed {
        /// Which file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The two ways to the file. SQLite has one writer at a time: giving the process one writing connection makes writers
/// queue in order instead of failing, and readers never wait for it.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    /// One connection, which waits until what it wrote is on the disk.
    pub(crate) writer: SqlitePool,
    /// Connections that can't write.
    pub(crate) readers: SqlitePool,
}

/// All that an open database holds. Both halves write through the same connection.
#[derive(Clone)]
pub struct Opened {
    /// The stores of everything but pipelines.
    pub stores: Stores,
    /// The stores of pipelines.
    pub pipelines: PipelineStores,
}

/// Opens the database at `path` as [`open_all`] does, for whoever has no use for pipelines.
pub async fn open(path: &Path) -> Result<Stores, StoreOpenError> {
    Ok(open_all(path).await?.stores)
}

/// Opens the database at `path`, making it (and its folder) if there is none, and brings its tables up to date.
///
/// The file is readable by its owner only, and so is a folder that is made here.
pub async fn open_all(path: &Path) -> Result<Opened, StoreOpenError> {
    let database = opened(path).await?;
    let table = |name| Table::new(database.clone(), name);
    let pipelines = PipelineStores {
        drafts: Arc::new(SqlitePipelineDrafts(table("pipeline_drafts"))),
        pipelines: Arc::new(SqlitePipelines(table("pipelines"))),
        runs: Arc::new(SqlitePipelineRuns(table("pipeline_runs"))),
    };
    let stores = Stores {
        drafts: Arc::new(SqliteDrafts(table("drafts"))),
        shares: Arc::new(SqliteShares(table("shares"))),
        runs: Arc::new(SqliteRuns { runs: table("runs"), database: database.clone() }),
        sessions: Arc::new(SqliteSessions(database.clone())),
        history: Arc::new(SqliteHistory(database.clone())),
        saved: Arc::new(SqliteSaved(database.clone())),
        activity: Arc::new(SqliteActivity(database.clone())),
        batches: Arc::new(SqliteBatches(database.clone())),
        loads: Arc::new(SqliteLoads(database.clone())),
    };
    Ok(Opened { stores, pipelines })
}

/// The database with its tables up to date.
pub(crate) async fn opened(path: &Path) -> Result<Database, StoreOpenError> {
    prepare_file(path).map_err(|source| StoreOpenError::File { path: path.to_owned(), source })?;
    let database = connect(path).await.map_err(|source| explain(path, source))?;
    if let Err(source) = MIGRATIONS.run(&database.writer).await {
        return Err(explain_migration(path, source));
    }
    Ok(database)
}

async fn connect(path: &Path) -> Result<Database, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A run's journal must outlive a power cut: the next start resumes from it.
        .synchronous(SqliteSynchronous::Full);
    let pool = || {
        SqlitePoolOptions::new()
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            // A file does not hang up; asking before each use would double the cost of a read.
            .test_before_acquire(false)
    };
    let writer = pool().max_connections(1).connect_with(options.clone()).await?;
    let readers = pool().max_connections(READERS).connect_with(options.pragma("query_only", "on")).await?;
    Ok(Database { writer, readers })
}

/// Makes the file before SQLite does, so that it is private from its first moment. SQLite gives its side files the
/// same mode.
fn prepare_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty() && !f.exists()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

fn explain_migration(path: &Path, error: MigrateError) -> StoreOpenError {
    match error {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => explain(path, source),
        MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) | MigrateError::Dirty(_) => {
            StoreOpenError::OtherVersion { path: path.to_owned(), source: error.into() }
        }
        other => StoreOpenError::Failed { path: path.to_owned(), source: other.into() },
    }
}

/// SQLite's primary result codes are the low byte of what it gives: <https://sqlite.org/rescode.html>.
fn explain(path: &Path, error: sqlx::Error) -> StoreOpenError {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|c| c.parse::<i64>().ok()).map(|c| c & 0xff);
    let (path, source) = (path.to_owned(), error.into());
    match code {
        // SQLITE_CORRUPT, SQLITE_NOTADB; SQLITE_ERROR: a table of ours is there that no migration made.
        Some(11 | 26 | 1) => StoreOpenError::Damaged { path, source },
        // SQLITE_BUSY, SQLITE_LOCKED
        Some(5 | 6) => StoreOpenError::Locked { path, source },
        _ => StoreOpenError::Failed { path, source },
    }
}
