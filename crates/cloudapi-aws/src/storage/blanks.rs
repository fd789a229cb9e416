//! Answers that begin with blanks, which keep a connection alive while parts are put together.
//!
//! The SDK's XML reader takes a declaration for an error unless it stands at the very beginning.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Leaves out the blanks before an answer.
#[derive(Debug)]
pub(super) struct WithoutBlanks;

impl Intercept for WithoutBlanks {
    fn name(&self) -> &'static str {
        "WithoutBlanks"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let answer = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Trimmed {
            answer,
            begun: false,
        });
        Ok(())
    }
}

/// A body without the blanks at its beginning.
struct Trimmed<B> {
    answer: B,
    begun: bool,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Trimmed<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        loop {
            let frame = ready!(Pin::new(&mut this.answer).poll_frame(cx));
            let Some(Ok(frame)) = frame else {
                return Poll::Ready(frame);
            };
            if this.begun {
                return Poll::Ready(Some(Ok(frame)));
            }
            let mut data = match frame.into_data() {
                Ok(data) => data,
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            };
            let blanks = data.iter().take_while(|byte| byte.is_ascii_whitespace());
            let rest = data.split_off(blanks.count());
            if !rest.is_empty() {
                this.begun = true;
                return Poll::Ready(Some(Ok(Frame::data(rest))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        if let Some(most) = self.answer.size_hint().upper() {
            hint.set_upper(most);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn trimmed(text: &'static str) -> String {
        let mut body = Trimmed {
            answer: SdkBody::from(text),
            begun: false,
        };
        let mut all = Vec::new();
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await
        {
            all.extend(frame.unwrap().into_data().unwrap());
        }
        String::from_utf8(all).unwrap()
    }

    #[tokio::test]
    async fn only_the_blanks_before_the_answer_go() {
        for (answer, expected) in [
            (" \n\t<A> <B/> </A> ", "<A> <B/> </A> "),
            ("<A/>", "<A/>"),
            ("  \r\n ", ""),
            ("", ""),
        ] {
            assert_eq!(trimmed(answer).await, expected);
        }
    }
}
