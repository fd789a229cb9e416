use super::*;

/// A list that changes while it is read.
struct World {
    ids: Vec<u32>,
    cap: usize,
}

impl World {
    fn new(count: u32) -> Self {
        Self {
            ids: (0..count).collect(),
            cap: LARGEST_PAGE,
        }
    }

    fn answer(&self, start: usize, limit: usize) -> Answer {
        let page = self.ids.iter().skip(start).take(limit.min(self.cap));
        let records = page.map(|id| {
            let json = serde_json::json!({"InstanceId": format!("ins-{id:08}")});
            Record::read(serde_json::value::to_raw_value(&json).unwrap()).unwrap()
        });
        Answer {
            total: Some(self.ids.len()),
            records: records.collect(),
        }
    }
}

/// Reads a list, the world changed before each call; gives the ids that came and the number of calls.
fn read_all(
    world: &mut World,
    page_size: usize,
    mut change: impl FnMut(&mut World, usize),
) -> (HashSet<InstanceId>, usize) {
    let mut list = List::new(Query::Filters(Vec::new()));
    let (mut ids, mut calls) = (HashSet::new(), 0);
    while let Some((start, end)) = list.next_page() {
        change(world, calls);
        calls += 1;
        let answer = world.answer(start, page_size);
        ids.extend(answer.records.iter().map(|record| record.id.clone()));
        list.take(
            Page {
                list: 0,
                start,
                end,
            },
            &answer,
            page_size,
        );
        list.end_pass();
        assert!(calls < 10_000, "never ends");
    }
    (ids, calls)
}

#[test]
fn a_list_that_holds_still_is_read_once() {
    for (count, page_size, cap, calls) in [
        (0, 100, 100, 1),
        (1, 100, 100, 1),
        (100, 100, 100, 1),
        (101, 100, 100, 2),
        (10_000, 100, 100, 100),
        (250, 100, 30, 9),
        (7, 100, 1, 7),
        (7, 3, 100, 3),
    ] {
        let mut world = World::new(count);
        world.cap = cap;
        let (ids, made) = read_all(&mut world, page_size, |_, _| {});
        assert_eq!(
            (ids.len(), made),
            (count as usize, calls),
            "{count} by {page_size}, cap {cap}"
        );
    }
}

#[test]
fn what_stays_is_never_lost_however_the_list_moves() {
    // Whatever goes or comes before whichever call, all that was there throughout must come.
    for page_size in [1, 2, 3, 7] {
        for at in 0..12 {
            for gone in 0..20 {
                let mut world = World::new(20);
                let (ids, _) = read_all(&mut world, page_size, |world, call| {
                    if call == at {
                        world.ids.retain(|id| *id != gone);
                    }
                });
                for id in (0..20).filter(|id| *id != gone) {
                    let id = InstanceId::from(format!("ins-{id:08}"));
                    assert!(ids.contains(&id), "{id} lost: {gone} went before call {at}");
                }
            }
            let mut world = World::new(20);
            let (ids, _) = read_all(&mut world, page_size, |world, call| {
                if call == at {
                    world.ids.insert(0, 77);
                }
            });
            assert!(ids.len() >= 20);
        }
    }
}

#[test]
fn a_list_that_never_holds_still_ends() {
    let mut world = World::new(50);
    let (ids, calls) = read_all(&mut world, 10, |world, call| {
        world.ids.remove(0);
        world.ids.push(1000 + u32::try_from(call).unwrap());
        world.ids.push(2000 + u32::try_from(call).unwrap());
    });
    assert!(ids.len() >= 50 && calls <= 60, "{} in {calls}", ids.len());
}

#[test]
fn totals_that_are_wrong_or_absent_do_no_harm() {
    let read_with = |total: fn(usize) -> Option<usize>| {
        let mut list = List::new(Query::Filters(Vec::new()));
        let (world, mut ids, mut calls) = (World::new(25), HashSet::new(), 0);
        while let Some((start, end)) = list.next_page() {
            calls += 1;
            let mut answer = world.answer(start, 10);
            answer.total = total(answer.total.unwrap());
            ids.extend(answer.records.iter().map(|record| record.id.clone()));
            let page = Page {
                list: 0,
                start,
                end,
            };
            list.take(page, &answer, 10);
            list.end_pass();
        }
        (ids.len(), calls)
    };
    assert_eq!(read_with(|_| None), (25, 3));
    let (found, calls) = read_with(|_| Some(usize::MAX));
    assert!(found == 25 && calls <= 20, "{calls}");
    assert_eq!(
        read_with(|_| Some(0)).1,
        1,
        "a total below what came ends the list"
    );
}
