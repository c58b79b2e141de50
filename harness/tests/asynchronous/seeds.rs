//! One seed, one story.

use super::*;

#[test]
fn twenty_runs_of_a_seed_tell_one_story_and_each_seed_another() {
    let stories: BTreeSet<String> = (0..20).map(|_| in_process(1, Fault::None).unwrap().1).collect();
    assert_eq!(stories.len(), 1);
    let seeds: BTreeSet<String> = (1..=20).map(|seed| in_process(seed, Fault::None).unwrap().1).collect();
    assert_eq!(seeds.len(), 20);
}

#[test]
fn what_is_lost_is_asked_for_again() {
    let (answers, story) = in_process(1, Fault::None).unwrap();
    assert!(answers.iter().map(|it| it.double).eq((1..=50).map(|number| number * 2)), "{answers:?}");
    let again = answers.iter().filter(|it| it.tries > 1).count();
    assert!((15..=45).contains(&again), "{again}");
    assert!(story.contains("timer timeout 100 ms runs out: sends"), "{story}");
}

#[test]
fn a_run_behind_a_pipe_is_the_same() {
    assert_eq!(behind_a_pipe(Fault::None), in_process(1, Fault::None));
}

#[test]
fn tasks_are_polled_in_the_order_of_their_wake_ups() {
    let said = alone(|node| async move {
        let (gate, order) = (Rc::new(Notify::new()), Rc::new(RefCell::new(vec![])));
        let tasks: Vec<_> = (0..4)
            .map(|number| {
                let (gate, order, runtime) = (gate.clone(), order.clone(), node.clone());
                node.spawn(async move {
                    order.borrow_mut().push(number);
                    runtime.sleep(ms(10 - number / 2)).await;
                    order.borrow_mut().push(number);
                    gate.notified().await;
                    order.borrow_mut().push(number);
                })
            })
            .collect();
        node.sleep(ms(20)).await;
        gate.notify_waiters();
        for task in tasks {
            task.await.unwrap();
        }
        say(&node, format!("{:?}", order.borrow()));
        Ok(())
    });
    assert_eq!(said.unwrap(), ["20 ms [0, 1, 2, 3, 2, 3, 0, 1, 2, 3, 0, 1]"]);
}

#[test]
fn channels_locks_and_joins_of_tokio_work() {
    let said = alone(|node| async move {
        let (sender, mut receiver) = mpsc::channel(1);
        let total = Rc::new(Mutex::new(0));
        for number in 1..=10 {
            let (sender, total, runtime) = (sender.clone(), total.clone(), node.clone());
            node.spawn(async move {
                let mut total = total.lock().await;
                runtime.sleep(ms(1)).await;
                *total += number;
                sender.send(*total).await.unwrap();
            });
        }
        drop(sender);
        let (tell, told) = oneshot::channel();
        let all = async {
            let mut last = 0;
            while let Some(total) = receiver.recv().await {
                last = total;
            }
            tell.send(last).unwrap();
        };
        let (_, last) = tokio::join!(all, told);
        say(&node, last.unwrap());
        Ok(())
    });
    assert_eq!(said.unwrap(), ["10 ms 55"]);
}
