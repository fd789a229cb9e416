use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;

use super::*;

/// Numbers its keys, takes a second for each, and fails when told to.
#[derive(Debug)]
struct Source {
    asked: AtomicUsize,
    life: Option<Duration>,
    fails: Mutex<bool>,
    /// Whether every answer is another key.
    changes: bool,
}

impl Source {
    fn new(life: Option<Duration>) -> Arc<Self> {
        Arc::new(Self {
            asked: AtomicUsize::new(0),
            life,
            fails: Mutex::new(false),
            changes: true,
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn set_failing(&self, fails: bool) {
        *self.fails.lock().unwrap() = fails;
    }
}

#[async_trait]
impl ProvideCredentials for Source {
    async fn credentials(&self) -> Result<Credentials> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        if *self.fails.lock().unwrap() {
            return Err(Error::config("the source is broken"));
        }
        let id = if self.changes { number } else { 1 };
        let credentials = Credentials::new(format!("key-{id}"), "hunter2");
        Ok(match self.life {
            Some(life) => credentials.with_expires_at(SystemTime::now() + life),
            None => credentials,
        })
    }
}

async fn key(cache: &CachedCredentials) -> String {
    cache.credentials().await.unwrap().key_id().to_owned()
}

async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn many_who_wait_ask_once() {
    let source = Source::new(None);
    let cache = CachedCredentials::new(source.clone());
    let keys = join_all((0..50).map(|_| key(&cache))).await;
    assert!(keys.iter().all(|key| key == "key-1"), "{keys:?}");
    assert_eq!(source.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_who_wait_share_a_failure_and_the_next_asks_again() {
    let source = Source::new(None);
    source.set_failing(true);
    let cache = CachedCredentials::new(source.clone());
    let answers = join_all((0..50).map(|_| cache.credentials())).await;
    assert!(answers.iter().all(|answer| {
        answer
            .as_ref()
            .is_err_and(|error| error.message() == "the source is broken")
    }));
    assert_eq!(source.asked(), 1);
    source.set_failing(false);
    assert_eq!(key(&cache).await, "key-2");
}

#[tokio::test(start_paused = true)]
async fn a_key_is_renewed_ahead_of_its_end_while_the_others_use_the_old_one() {
    let source = Source::new(Some(Duration::from_hours(1)));
    let cache = CachedCredentials::new(source.clone());
    assert_eq!(key(&cache).await, "key-1");
    wait(3600 - 310).await;
    assert_eq!(key(&cache).await, "key-1");
    wait(15).await;
    let started = Instant::now();
    let keys = join_all((0..10).map(|_| key(&cache))).await;
    assert_eq!(keys[0], "key-2");
    assert!(keys[1..].iter().all(|key| key == "key-1"), "{keys:?}");
    assert_eq!(source.asked(), 2);
    assert!(started.elapsed() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_lives_short_is_not_asked_for_at_each_call() {
    let source = Source::new(Some(Duration::from_secs(30)));
    let cache = CachedCredentials::new(source.clone());
    for _ in 0..10 {
        assert_eq!(key(&cache).await, "key-1");
        wait(2).await;
    }
    wait(8).await;
    assert_eq!(key(&cache).await, "key-2");
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_keeps_the_old_key_until_its_end() {
    let source = Source::new(Some(Duration::from_hours(1)));
    let cache = CachedCredentials::new(source.clone());
    key(&cache).await;
    source.set_failing(true);
    wait(3600 - 200).await;
    for _ in 0..5 {
        assert_eq!(key(&cache).await, "key-1");
    }
    assert_eq!(source.asked(), 2, "the source is left alone for a while");
    wait(30).await;
    assert_eq!(key(&cache).await, "key-1");
    assert_eq!(source.asked(), 3);
    wait(200).await;
    let error = cache.credentials().await.unwrap_err();
    assert_eq!(error.message(), "the source is broken");
    source.set_failing(false);
    assert_eq!(key(&cache).await, "key-5");
}

#[tokio::test(start_paused = true)]
async fn refused_by_many_at_once_it_is_renewed_once() {
    let source = Source::new(Some(Duration::from_hours(1)));
    let cache = CachedCredentials::new(source.clone());
    let refused = cache.credentials().await.unwrap();
    let renewed = join_all((0..20).map(|_| cache.renew(&refused))).await;
    assert!(renewed.into_iter().all(|renewed| renewed.unwrap()));
    assert_eq!(source.asked(), 2);
    assert_eq!(key(&cache).await, "key-2");
    assert!(
        cache.renew(&refused).await.unwrap(),
        "there is another by now"
    );
    assert_eq!(source.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_source_without_another_key_says_so() {
    let source = Arc::new(Source {
        changes: false,
        ..Arc::into_inner(Source::new(None)).unwrap()
    });
    let cache = CachedCredentials::new(source.clone());
    let refused = cache.credentials().await.unwrap();
    let renewed = join_all((0..20).map(|_| cache.renew(&refused))).await;
    assert!(renewed.into_iter().all(|renewed| !renewed.unwrap()));
    assert_eq!(source.asked(), 2);
    source.set_failing(true);
    assert!(cache.renew(&refused).await.is_err());
    assert_eq!(key(&cache).await, "key-1", "it may be good all the same");
}

#[tokio::test(start_paused = true)]
async fn one_that_gives_up_waiting_leaves_the_others_able_to_ask() {
    let source = Source::new(None);
    let cache = CachedCredentials::new(source.clone());
    let gave_up = tokio::time::timeout(Duration::from_millis(10), cache.credentials()).await;
    assert!(gave_up.is_err());
    assert_eq!(key(&cache).await, "key-2");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_never_answers_is_given_up() {
    #[derive(Debug)]
    struct Silent;
    #[async_trait]
    impl ProvideCredentials for Silent {
        async fn credentials(&self) -> Result<Credentials> {
            std::future::pending().await
        }
    }
    let cache = CachedCredentials::new(Arc::new(Silent));
    let error = cache.credentials().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!format!("{cache:?}").contains("hunter2"));
}
