//! What can go wrong.

use super::*;

#[test]
fn a_handle_cannot_leave_its_thread() {
    trait Whether<Answer> {
        fn compiles() {}
    }
    impl<T> Whether<()> for T {}
    impl<T: Send> Whether<bool> for T {}
    // Were one of these types `Send`, both implementations would fit and this would not compile.
    <Runtime as Whether<_>>::compiles();
    <Node as Whether<_>>::compiles();
    <UdpSocket as Whether<_>>::compiles();
    <faultline::asynchronous::Sleep as Whether<_>>::compiles();
    <faultline::asynchronous::JoinHandle<()> as Whether<_>>::compiles();
}

#[test]
fn a_panic_in_any_task_is_told_with_its_place() {
    let failure = in_process(1, Fault::Panics).unwrap_err();
    assert!(failure.reason.starts_with("Your code panicked at "), "{failure:?}");
    assert!(
        failure.reason.contains("asker.rs:") && failure.reason.ends_with(": no more answers."),
        "{failure:?}"
    );
    // The file's path differs, since this test and the toy lab each compile it from where they are.
    let end = |reason: &str| reason.split_once("asker.rs:").map(|(_, end)| end.to_string());
    assert_eq!(end(&behind_a_pipe(Fault::Panics).unwrap_err().reason), end(&failure.reason));
}

#[test]
fn an_error_of_the_main_task_is_told() {
    let told = reason(alone(|_| async { Err(io::Error::other("no such luck")) }));
    assert_eq!(told, "The program of the subject ended with an error: no such luck.");
}

#[test]
fn a_task_that_wakes_itself_without_end_is_told_with_its_place() {
    let failure = in_process(1, Fault::WakesItself).unwrap_err();
    assert!(
        failure.reason.starts_with(&format!("One event led to more than {MAX_POLLS} polls")),
        "{failure:?}"
    );
    assert!(failure.reason.contains("asker.rs:"), "{failure:?}");
}

#[test]
fn commands_that_nobody_takes_are_told() {
    let idle = |_, _: Node| std::future::pending();
    let told = play(idle, nobody, |stage| {
        stage.world.without_trace();
        let mut ask = || stage.world.command(stage.subject, &Word(String::new()));
        assert!((0..MAX_COMMANDS).all(|_| ask().is_ok()));
        let told = ask().unwrap_err().reason;
        assert_eq!(told, "More than 65536 commands wait: the subject takes none of them.");
    });
    assert_eq!(told.unwrap(), [] as [&str; 0]);
}

#[test]
fn a_task_that_never_yields_is_told() {
    assert_eq!(behind_a_pipe(Fault::NeverYields).unwrap_err().reason, "Answerer::task did not return.");
}

#[test]
fn a_sleep_of_nothing_without_end_is_told() {
    let told = reason(alone(|node| async move {
        loop {
            node.sleep(ms(0)).await;
        }
    }));
    assert!(told.contains("without time moving on"), "{told}");
}

#[test]
fn a_search_says_that_it_cannot_run_tasks() {
    let search = |program: &dyn Program| {
        let bench = Bench::new(program, 1);
        let (mut search, [a, b]) = Search::new(&bench, Limits::default(), ["asker", "answerer"]);
        search.start(a, &ASKER, &Setting { peer: b, fault: Fault::None })?;
        search.start(b, &ANSWERER, &Setting { peer: a, fault: Fault::None })?;
        search.run()
    };
    let why = "The role asker is asynchronous: it runs in the simulation and live, not in a search.";
    assert_eq!(search(&asker::add(LocalProgram::new())).unwrap_err().reason, why);
    assert_eq!(search(&toy_lab()).unwrap_err().reason, why);
}

#[test]
fn the_clock_of_tokio_is_not_there() {
    let told = reason(alone(|_| async {
        tokio::time::sleep(ms(1)).await;
        Ok(())
    }));
    assert!(told.contains("asynchronous/mistakes.rs:") && told.contains("no reactor running"), "{told}");
}

#[test]
fn a_task_that_a_thread_has_woken_is_told() {
    let told = reason(alone(|_| async {
        let (tell, told) = oneshot::channel();
        let mut told = pin!(told);
        let mut thread = Some(std::thread::spawn);
        let mut tell = Some(tell);
        std::future::poll_fn(|context| {
            let answer = told.as_mut().poll(context);
            if let (Some(spawn), Some(tell)) = (thread.take(), tell.take()) {
                spawn(move || tell.send(())).join().unwrap().unwrap();
            }
            answer
        })
        .await
        .unwrap();
        Ok(())
    }));
    assert!(told.starts_with("A task was woken by another thread"), "{told}");
}

#[test]
fn a_handle_of_another_host_is_told() {
    thread_local! {
        static LEAK: RefCell<Option<Runtime>> = const { RefCell::new(None) };
    }
    let giver = |_, node: Node| async move {
        LEAK.set(Some((*node).clone()));
        std::future::pending().await
    };
    let taker = |_, node: Node| async move {
        node.sleep(ms(1)).await;
        let stranger = LEAK.take().unwrap();
        stranger.disk().write("file", b"");
        Ok(())
    };
    let told = reason(play(giver, taker, |_| {}));
    assert!(told.contains("a handle of the subject was used by another host"), "{told}");
}

#[test]
fn a_handle_of_a_life_before_a_crash_does_nothing() {
    thread_local! {
        static LEAK: RefCell<Option<Node>> = const { RefCell::new(None) };
    }
    let haunted = |_, node: Node| async move {
        if let Some(ghost) = LEAK.take() {
            say(&ghost, "a ghost");
            let mut sleep = ghost.sleep(ms(1));
            let polled = Pin::new(&mut sleep).poll(&mut Context::from_waker(Waker::noop()));
            say(&node, polled.is_pending());
        }
        LEAK.set(Some(node.clone()));
        std::future::pending().await
    };
    let said = play(haunted, nobody, |stage| {
        stage.world.schedule(ms(10), Change::Crash(stage.subject.host, Unsynced::Lost));
        stage.world.schedule(ms(20), Change::Restart(stage.subject.host));
    });
    assert_eq!(said.unwrap(), ["20 ms true"]);
}
