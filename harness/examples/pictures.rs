//! Writes the pictures that `scripts/browser-test` looks at: `cargo run -p faultline --example pictures -- FOLDER`

#[path = "../src/bin/toy-lab/courier.rs"]
mod courier;
#[path = "../src/bin/toy-lab/stories.rs"]
mod stories;

use faultline::picture::{Heading, mermaid, page};
use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: pictures FOLDER")?);
    fs::create_dir_all(&folder)?;
    let failure = stories::caught();
    let caught = failure.story.expect("a search tells a story");
    let heading = Heading {
        lab: "toy",
        id: "A1",
        name: "a parcel that is carried twice is taken once",
        reason: Some(&failure.reason),
        seed: None,
        replay: "cargo lab replay toy-A1",
    };
    fs::write(folder.join("search.html"), page(&heading, &caught))?;
    fs::write(folder.join("search.mmd"), mermaid(&caught))?;
    let stormy = stories::stormy();
    let heading = Heading {
        id: "A2",
        name: "what the archive has kept is confirmed",
        reason: Some(
            "Report 10 was kept but never confirmed: the link from the archive to the reporter was cut, and \
                 the reporter does not ask again.",
        ),
        seed: Some(7),
        replay: "cargo lab replay toy-A2 --seed 7",
        ..heading
    };
    fs::write(folder.join("storm.html"), page(&heading, &stormy))?;
    fs::write(folder.join("storm.mmd"), mermaid(&stormy))?;
    let mut long = stormy.clone();
    for _ in 0..60 {
        long.records.extend_from_slice(&stormy.records);
    }
    let hostile = "</script><script>document.title='broken'</script>\"'\u{202e}";
    long.records.iter_mut().for_each(|record| record.state = record.state.take().map(|it| it + hostile));
    let heading = Heading { name: hostile, reason: Some(hostile), ..heading };
    fs::write(folder.join("long.html"), page(&heading, &long))?;
    Ok(())
}
