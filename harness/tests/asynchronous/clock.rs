//! Time.

use super::*;

#[test]
fn a_thousand_sleepers_wake_in_the_order_of_their_times() {
    let said = alone(|node| async move {
        let order = Rc::new(RefCell::new(vec![]));
        for number in 0..1_000_u64 {
            let (order, runtime) = (order.clone(), node.clone());
            node.spawn(async move {
                runtime.sleep(ms(number * 7 % 1_000)).await;
                order.borrow_mut().push(runtime.now());
            });
        }
        node.sleep(ms(1_000)).await;
        let order = order.borrow();
        say(&node, order.iter().enumerate().all(|(index, at)| *at == Time::ZERO + ms(index as u64)));
        say(&node, order.len());
        Ok(())
    });
    assert_eq!(said.unwrap(), ["1000 ms true", "1000 ms 1000"]);
}

#[test]
fn a_timeout_lets_the_future_win_or_drops_it() {
    let said = alone(|node| async move {
        let in_time = node.timeout(ms(20), node.sleep(ms(10))).await;
        say(&node, format!("{in_time:?}"));
        let at_once = node.timeout(ms(0), async { 7 }).await;
        say(&node, format!("{at_once:?}"));
        let loud = Loud(node.clone());
        let late = async {
            let _loud = loud;
            node.sleep(ms(1_000)).await;
        };
        let late = node.timeout(ms(20), late).await;
        say(&node, format!("{late:?} {}", io::Error::from(Elapsed).kind()));
        Ok(())
    });
    assert_eq!(
        said.unwrap(),
        ["10 ms Ok(())", "10 ms Ok(7)", "30 ms dropped", "30 ms Err(Elapsed) timed out"]
    );
}

#[test]
fn a_wait_that_is_dropped_leaves_no_timer() {
    let program = LocalProgram::new().async_role(&SUBJECT, |_, node: Node| async move {
        let _ = node.timeout(ms(1_000), node.sleep(ms(10))).await;
        drop(node.sleep(ms(500)));
        node.next_command().await;
        Ok(())
    });
    let bench = Bench::new(&program, 1);
    let mut script = Script::start(&bench, SUBJECT, ["subject", "peer"], &PEER).unwrap();
    script.pass(ms(10)).unwrap();
    script.expect_no_timer("every wait is over").unwrap();
    assert_eq!(script.timers_fired(), 1);
}

#[test]
fn an_interval_keeps_its_distance_and_makes_up_for_missed_ticks() {
    let said = alone(|node| async move {
        let mut interval = node.interval(ms(10));
        interval.tick().await;
        node.sleep(ms(25)).await;
        for _ in 0..4 {
            let planned = interval.tick().await;
            say(&node, planned);
        }
        node.sleep_until(Time::ZERO + ms(100)).await;
        say(&node, "later");
        Ok(())
    });
    assert_eq!(said.unwrap(), ["25 ms 10 ms", "25 ms 20 ms", "30 ms 30 ms", "40 ms 40 ms", "100 ms later"]);
}

#[test]
fn a_paused_host_sleeps_too_long_and_its_timeouts_come_late() {
    let sleeper = |_, node: Node| async move {
        let quick = node.timeout(ms(30), node.sleep(ms(20))).await;
        say(&node, format!("{quick:?}"));
        node.sleep(ms(10)).await;
        say(&node, "awake");
        Ok(())
    };
    let said = play(sleeper, nobody, |stage| {
        stage.world.schedule(ms(15), Change::Pause(stage.subject.host));
        stage.world.schedule(ms(65), Change::Resume(stage.subject.host));
    });
    // Both timers ran out in the pause. The sleep is told first, stops the timeout, and the future has won.
    assert_eq!(said.unwrap(), ["65 ms Ok(())", "75 ms awake"]);
}

#[test]
fn a_fast_clock_sleeps_shorter_and_shows_the_time_that_it_slept() {
    let sleeper = |_, node: Node| async move {
        node.next_command().await;
        let mut interval = node.interval(ms(10));
        for _ in 0..3 {
            interval.tick().await;
        }
        say(&node, "ticked");
        Ok(())
    };
    let stage = |clock_ppm| {
        let mut real = Time::ZERO;
        let said = play(sleeper, nobody, |stage| {
            let host = stage.subject.host;
            stage.world.host(host, HostOptions { clock_ppm, ..HostOptions::default() });
            stage.world.command(stage.subject, &Word("go".into())).unwrap();
            let handle = stage.subject;
            stage.world.run_until(ms(1_000), |it| Ok(it.notice_count(handle) == 1)).unwrap();
            real = stage.world.now();
        });
        (said.unwrap(), real)
    };
    assert_eq!(stage(1_000_000), (vec!["20 ms ticked".into()], Time::ZERO + ms(10)));
    assert_eq!(stage(-500_000), (vec!["20 ms ticked".into()], Time::ZERO + ms(40)));
    // Rounding never makes a timer run out again and again at one moment.
    assert!(stage(333).1 < Time::ZERO + ms(20));
}
