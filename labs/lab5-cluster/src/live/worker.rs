//! A worker's process: the student's worker, and a server that gives bytes of its files to others and takes chunks.

use super::calls::{self, Caller, Method, Store, argument};
use super::engines::{Engines, Threads};
use super::network::{Handler, Network};
use crate::engine::Engine;
use crate::files::File;
use crate::message::{Bytes, Read};
use crate::site::Site;
use crate::types::{Address, WorkerConfig};
use faultline::asynchronous::Runtime;
use faultline::codec;
use faultline::folder::Folder;
use faultline::rpc::Fault;
use std::fs::OpenOptions;
use std::future::Future;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// What a worker is told on its command line.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) coordinator: SocketAddrV4,
    pub(crate) address: SocketAddrV4,
    pub(crate) folder: PathBuf,
    pub(crate) engines: Engines,
    /// Each task takes so much longer.
    pub(crate) longer: Duration,
    pub(crate) config: WorkerConfig,
}

/// What others may ask of a worker with this folder.
pub(crate) fn handler(path: &Path, read: fn(&Folder, &Read) -> io::Result<Bytes>) -> Handler {
    let files = (Folder::real(path), path.to_path_buf());
    calls::handler(move |method, arguments| {
        let (folder, path) = files.clone();
        async move { execute(method, &arguments, &folder, &path, read) }
    })
}

/// Works until the job is over (true), or `interrupted` is ready.
pub(crate) async fn run<Work>(
    runtime: Runtime,
    network: Rc<dyn Network>,
    place: Place,
    work: fn(Site) -> Work,
    interrupted: impl Future<Output = ()>,
) -> io::Result<bool>
where
    Work: Future<Output = io::Result<()>> + 'static,
{
    let folder = Folder::real(&place.folder);
    let (threads, rest) = Threads::new(place.folder.clone(), place.engines, place.longer)?;
    let calls = Rc::new(Caller::new(network, place.coordinator));
    let address = Address::from(place.address);
    let site = Site::new(runtime.clone(), address, folder.clone(), Engine::new(threads), place.config, calls);
    let worked = tokio::select! {
        biased;
        () = interrupted => None,
        worked = work(site) => Some(worked),
    };
    rest.end(&runtime).await?;
    match worked {
        Some(worked) => worked.map(|()| true),
        None => {
            // What is finished stays: whoever starts this worker again finds it.
            for name in folder.names()?.iter().filter(|name| name.starts_with(crate::files::UNFINISHED)) {
                folder.remove(name)?;
            }
            Ok(false)
        }
    }
}

fn execute(
    method: u32,
    arguments: &[u8],
    folder: &Folder,
    path: &Path,
    read: fn(&Folder, &Read) -> io::Result<Bytes>,
) -> Result<Vec<u8>, Fault> {
    let failed = |error: io::Error| Fault::Failed(error.to_string());
    if method == Method::Read as u32 {
        return Ok(codec::encode(&read(folder, &argument(arguments)?).map_err(failed)?));
    }
    if method == Method::Store as u32 {
        store(folder, path, &argument(arguments)?).map_err(failed)?;
        return Ok(codec::encode(&()));
    }
    Err(Fault::NoSuchMethod)
}

/// Keeps bytes of a chunk. The same bytes may come twice. (Its draft is not the student's, who removes those that are.)
fn store(folder: &Folder, path: &Path, store: &Store) -> io::Result<()> {
    let file = File::Chunk(store.chunk);
    let name = format!("arriving-{file}");
    let mut draft = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(&name))?;
    if draft.metadata()?.len() < store.offset {
        return Err(io::Error::other(format!("the bytes of {file} before {} have not come", store.offset)));
    }
    draft.seek(SeekFrom::Start(store.offset))?;
    draft.write_all(&store.bytes)?;
    if store.is_last {
        draft.set_len(store.offset + store.bytes.len() as u64)?;
        drop(draft);
        folder.sync(&name)?;
        folder.rename(&name, &file.name())?;
        folder.sync(&file.name())?;
    }
    Ok(())
}
