//! Serves both clouds until Ctrl-C: `cargo run -p cloudapi-emulator --example serve -- 127.0.0.1:4566`.

use cloudapi_emulator::Emulator;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the example's output")]
async fn main() -> Result<(), std::io::Error> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let emulator = Emulator::builder().with_address(address).start().await?;
    println!("{}", emulator.endpoint_url());
    println!(
        "AWS key id {}, Tencent Cloud key id {}",
        emulator.aws_key().id,
        emulator.tencent_key().id
    );
    tokio::signal::ctrl_c().await?;
    emulator.stop().await;
    Ok(())
}
