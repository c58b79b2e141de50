//! The program `cluster` as its users meet it: what it takes, what it says, and with which code it ends.

#![expect(clippy::unwrap_used, reason = "the helpers of these tests are tests as well")]

use faultline::live::patience::Patience;
use faultline::live::process::{Finished, Process};
use lab4_kit::{Application, Folder, Folders, Job};
use lab4_mapreduce::apps::{Index, WordCount};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

const CLUSTER: &str = env!("CARGO_BIN_EXE_cluster");

const PATIENCE: Patience = Patience::new(600);

/// A folder of this test's own.
fn place(test: &str) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cluster").join(test);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap();
    place
}

fn start(place: &Path, arguments: &[&str]) -> Process {
    Process::spawn_in(place, arguments[0], Path::new(CLUSTER), arguments).unwrap()
}

fn run(place: &Path, arguments: &[&str]) -> Finished {
    start(place, arguments).finish(PATIENCE).unwrap()
}

/// Starts something that listens, and says where.
fn listening(place: &Path, arguments: &[&str]) -> (Process, String) {
    let mut process = start(place, arguments);
    let line = process.read_line(PATIENCE).unwrap();
    let address = line.strip_prefix("listening on ").unwrap().to_string();
    (process, address)
}

fn coordinator(place: &Path) -> (Process, String) {
    listening(
        place,
        &["coordinator", "--journal", "journal", "--lease-ms", "1000", "--timeline", "timeline.html"],
    )
}

fn worker(place: &Path, coordinator: &str, folder: &str, more: &[&str]) -> Process {
    let arguments =
        [&["worker", "--coordinator", coordinator, "--folder", folder, "--beat-ms", "100"], more].concat();
    listening(place, &arguments).0
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn text(lines: usize) -> String {
    let line = |number: usize| format!("line {number} the {} and {}\n", number % 17, number * number % 101);
    (0..lines).map(line).collect()
}

/// What lab 4's engine makes of the same job in one process.
fn sequential<A: Application>(place: &Path, app: &A, inputs: &[&str], reduces: u32) -> Vec<Vec<u8>> {
    let out = place.join("sequential");
    fs::create_dir_all(&out).unwrap();
    let inputs = inputs.iter().map(|input| place.join(input).to_str().unwrap().to_string()).collect();
    let job = Job { inputs, reduces, ..Job::default() };
    let folders = Folders { inputs: Folder::real(place), out: Folder::real(&out) };
    lab4_mapreduce::job::run(app, &job, &folders, &mut |_| ()).unwrap();
    (0..reduces).map(|reduce| fs::read(out.join(format!("out-{reduce}"))).unwrap()).collect()
}

fn outputs(place: &Path, reduces: u32) -> Vec<Vec<u8>> {
    (0..reduces).map(|reduce| fs::read(place.join(format!("out/out-{reduce}"))).unwrap()).collect()
}

#[test]
fn the_outputs_are_those_of_lab_4_byte_for_byte() {
    for (app, reduces) in [("wc", 3), ("index", 2)] {
        let place = place(&format!("the_outputs_{app}"));
        fs::create_dir(place.join("b")).unwrap();
        fs::write(place.join("a.txt"), text(3_000)).unwrap();
        fs::write(place.join("b/c.txt"), text(700)).unwrap();
        let (main, address) = coordinator(&place);
        let engine = ["--engine", "lab4"];
        let workers = ["w1", "w2"].map(|folder| worker(&place, &address, folder, &engine));
        let inputs = ["a.txt", "b/c.txt"].map(|input| place.join(input).to_str().unwrap().to_string());
        let reduces_text = reduces.to_string();
        let submit = [
            &["submit", "--coordinator", &address, "--app", app, "--out", "out", "--chunk-size", "10K"][..],
            &["--reduces", &reduces_text, "--workers", "2", "--inputs", &inputs[0], &inputs[1]],
        ];
        let submitted = run(&place, &submit.concat());
        assert_eq!((submitted.code, submitted.stderr.as_str()), (Some(0), ""));
        assert!(
            submitted.stdout.contains(" map and ")
                && submitted.stdout.ends_with("; the results are in out\n")
        );
        let right = match app {
            "wc" => sequential(&place, &WordCount, &["a.txt", "b/c.txt"], reduces),
            _ => sequential(&place, &Index, &["a.txt", "b/c.txt"], reduces),
        };
        assert!(outputs(&place, reduces) == right, "{app}");
        for process in workers.into_iter().chain([main]) {
            assert_eq!(process.finish(PATIENCE).unwrap().code, Some(0));
        }
        let timeline = fs::read_to_string(place.join("timeline.html")).unwrap();
        assert!(timeline.starts_with("<!doctype html>") && timeline.contains("counted"));
    }
}

#[test]
fn a_record_that_the_application_refuses_fails_the_job_with_its_line() {
    let place = place("a_record_that_the_application_refuses");
    fs::write(place.join("sums"), "a\t1\nb\t2\na\tthree\n").unwrap();
    let (main, address) = coordinator(&place);
    let lazy = worker(&place, &address, "w1", &["--engine", "lab4"]);
    let submit = ["submit", "--coordinator", &address, "--app", "sum", "--out", "out", "--inputs", "sums"];
    let submitted = run(&place, &submit);
    assert_eq!(submitted.code, Some(1));
    assert!(
        submitted.stderr.contains("map 0 failed too often") && submitted.stderr.contains("sums, line 3"),
        "{}",
        submitted.stderr
    );
    assert_eq!(lazy.finish(PATIENCE).unwrap().code, Some(0));
    let main = main.finish(PATIENCE).unwrap();
    assert_eq!(main.code, Some(1));
    assert!(main.stderr.contains("the job has failed: map 0"), "{}", main.stderr);
    assert_eq!((names(&place.join("out")), names(&place.join("w1"))), (vec![], vec!["chunk-0".to_string()]));
}

#[test]
fn lines_that_are_refused_are_skipped_when_the_client_says_so_and_told() {
    let place = place("lines_that_are_refused");
    fs::write(place.join("sums"), "a\t1\nb\t2\na\tthree\na\t4\nb\n").unwrap();
    let (main, address) = coordinator(&place);
    let lazy = worker(&place, &address, "w1", &["--engine", "lab4"]);
    let submit = [
        &["submit", "--coordinator", &address, "--app", "sum", "--out", "out", "--skip-refused"][..],
        &["--inputs", "sums"],
    ];
    let submitted = run(&place, &submit.concat());
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    assert!(submitted.stdout.contains("; 2 lines were skipped;"), "{}", submitted.stdout);
    assert_eq!(fs::read_to_string(place.join("out/out-0")).unwrap(), "a\t5\nb\t2\n");
    assert_eq!(lazy.finish(PATIENCE).unwrap().code, Some(0));
    assert_eq!(main.finish(PATIENCE).unwrap().code, Some(0));
}

#[test]
fn whoever_is_interrupted_leaves_in_order_and_the_job_goes_on_where_it_was() {
    let place = place("whoever_is_interrupted");
    fs::write(place.join("text"), text(200)).unwrap();
    let (mut main, address) = coordinator(&place);
    main.add_arguments(&["--listen", &address]);
    let mut slow = worker(&place, &address, "w1", &["--task-ms", "100"]);
    let submit = [
        &["submit", "--coordinator", &address, "--app", "words", "--out", "out", "--inputs", "text"][..],
        &["--chunk-size", "500", "--copies", "1"],
    ];
    let mut client = start(&place, &submit.concat());
    let done = || {
        let status = run(&place, &["status", "--coordinator", &address]).stdout;
        !status.contains("done     0") && !status.contains("done     nothing")
    };
    PATIENCE.until(|| done().then_some(())).unwrap();
    client.interrupt().unwrap();
    assert_eq!(client.finish(PATIENCE).unwrap().code, Some(130));
    slow.terminate().unwrap();
    assert_eq!(PATIENCE.until(|| slow.try_wait().unwrap()).unwrap().code(), Some(130));
    let left = names(&place.join("w1"));
    assert!(
        left.iter().all(|name| !name.starts_with("tmp-")) && left.iter().any(|name| name.starts_with("map-")),
        "{left:?}"
    );
    main.interrupt().unwrap();
    assert_eq!(PATIENCE.until(|| main.try_wait().unwrap()).unwrap().code(), Some(130));
    // All of them again: the job, its outputs and the chunks are on disks. The worker has another address.
    main.restart().unwrap();
    slow.restart().unwrap();
    let collected = run(&place, &["collect", "--coordinator", &address, "--out", "out"]);
    // Its chunks cannot be had from where they were, so the job fails, or all map tasks were done.
    let said = format!("{}{}", collected.stdout, collected.stderr);
    assert!(said.contains("no copy of chunk") || said.contains("the results are in out"), "{said}");
    assert_eq!(slow.finish(PATIENCE).unwrap().code, Some(0));
}

#[test]
fn a_status_is_a_table() {
    let place = place("a_status_is_a_table");
    let (mut main, address) = coordinator(&place);
    let idle = run(&place, &["status", "--coordinator", &address]);
    assert_eq!(
        (idle.code, idle.stdout.as_str()),
        (Some(0), "phase    no job yet\ndone     nothing\nworkers  0\n")
    );
    main.terminate().unwrap();
    assert_eq!(main.finish(PATIENCE).unwrap().code, Some(130));
}

#[test]
fn one_coordinator_has_one_job() {
    let place = place("one_coordinator_has_one_job");
    fs::write(place.join("text"), "a b\n").unwrap();
    let (main, address) = coordinator(&place);
    let slow = worker(&place, &address, "w1", &["--task-ms", "300"]);
    let submit = ["submit", "--coordinator", &address, "--app", "words", "--out", "out", "--inputs", "text"];
    let first = start(&place, &submit);
    let has_job = || !run(&place, &["status", "--coordinator", &address]).stdout.contains("no job yet");
    PATIENCE.until(|| has_job().then_some(())).unwrap();
    let second = run(&place, &submit);
    assert_eq!(second.code, Some(1));
    assert!(
        second.stderr.starts_with("cluster: the coordinator refuses the job: there is another one"),
        "{}",
        second.stderr
    );
    assert_eq!(first.finish(PATIENCE).unwrap().code, Some(0));
    assert_eq!(
        (main.finish(PATIENCE).unwrap().code, slow.finish(PATIENCE).unwrap().code),
        (Some(0), Some(0))
    );
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let place = place("what_is_wrong");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let nobody = ["--coordinator", "127.0.0.1:1"];
    let cases: [(&[&str], i32, &str); 6] = [
        (&["coordinator", "--journal", "j", "--listen", &taken], 1, "take another address, or port 0"),
        (
            &[&["worker", "--folder", "w", "--listen", "0.0.0.0:0"][..], &nobody].concat(),
            1,
            "others must reach this process there",
        ),
        (&[&["status"][..], &nobody].concat(), 1, "is it running, and is this its address?"),
        (
            &[&["submit", "--app", "wc", "--out", "out", "--inputs", "missing"][..], &nobody].concat(),
            1,
            "missing: ",
        ),
        (&["coordinator", "--journal", "j", "--lease-ms", "1"], 2, "--lease-ms"),
        (
            &[&["submit", "--app", "wc", "--out", "out", "--chunk-size", "3X"][..], &nobody].concat(),
            2,
            "K, M or G",
        ),
    ];
    for (arguments, code, words) in cases {
        let finished = run(&place, arguments);
        assert_eq!(finished.code, Some(code), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(words), "{arguments:?}: {}", finished.stderr);
    }
    fs::write(place.join("file"), "").unwrap();
    let no_folder = run(&place, &["coordinator", "--journal", "file"]);
    assert!(
        no_folder.code == Some(1) && no_folder.stderr.starts_with("cluster: file: "),
        "{}",
        no_folder.stderr
    );
}
