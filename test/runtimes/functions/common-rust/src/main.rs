//! Gives back what it is given, or fails as lambda_runtime tells it.
use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::Value;

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    match event.payload.get("error_msg") {
        Some(message) => Err(format!("Error: {message}").into()),
        None => Ok(event.payload),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
