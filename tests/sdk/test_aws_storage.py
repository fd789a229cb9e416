"""S3 through boto3, unmodified: with its defaults, which put checksums on everything."""

import base64
import hashlib
import io
import os
import tempfile
import unittest
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

import emulator
from emulator import control

BUCKET = "cloudapi-demo"
MIB = 1024 * 1024
PARTS = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)


def client(key=emulator.AWS_KEY, region="us-east-1", attempts=1, **config):
    return boto3.client(
        "s3",
        endpoint_url=emulator.URL,
        region_name=region,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        aws_session_token=key[2] if len(key) > 2 else None,
        config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}, **config),
    )


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


class Base(emulator.EmulatorCase):
    def setUp(self):
        super().setUp()
        self.s3 = client()

    def refused(self, code, call, **parameters):
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        self.assertEqual(caught.exception.response["Error"]["Code"], code, caught.exception)
        return caught.exception.response

    def real(self, key):
        return control("POST", "object", {"Cloud": "Aws", "Bucket": BUCKET, "Key": key})

    def uploads(self):
        return control("GET", "uploads")["Uploads"]

    def put(self, key="k", body=b"content", **more):
        return self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, **more)


class Objects(Base):
    def test_an_object_comes_back_as_it_was_put(self):
        put = self.put(
            body=b"content",
            ContentType="text/x-test",
            CacheControl="no-cache",
            ContentDisposition="attachment",
            ContentEncoding="identity",
            ContentLanguage="de",
            Metadata={"owner": "team a/b"},
            StorageClass="STANDARD_IA",
            Tagging="a=b%20c&d=",
            ACL="private",
        )
        self.assertEqual(put["ETag"], '"%s"' % hashlib.md5(b"content").hexdigest())
        self.assertEqual((put["ChecksumCRC32"], put["ChecksumType"]), (crc32(b"content"), "FULL_OBJECT"))
        self.assertEqual(put["ServerSideEncryption"], "AES256")
        got = self.s3.get_object(Bucket=BUCKET, Key="k")
        self.assertEqual(got["Body"].read(), b"content")
        head = self.s3.head_object(Bucket=BUCKET, Key="k", ChecksumMode="ENABLED")
        self.assertEqual((head["ContentLength"], head["ChecksumCRC32"]), (7, crc32(b"content")))
        for name, value in {
            "ContentType": "text/x-test",
            "CacheControl": "no-cache",
            "ContentDisposition": "attachment",
            "ContentEncoding": "identity",
            "ContentLanguage": "de",
            "Metadata": {"owner": "team a/b"},
            "StorageClass": "STANDARD_IA",
        }.items():
            self.assertEqual((got[name], head[name]), (value, value), name)
        tags = self.s3.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"]
        self.assertEqual(tags, [{"Key": "a", "Value": "b c"}, {"Key": "d", "Value": ""}])
        part = self.s3.get_object(Bucket=BUCKET, Key="k", Range="bytes=2-4")
        self.assertEqual((part["Body"].read(), part["ContentRange"]), (b"nte", "bytes 2-4/7"))
        self.refused("InvalidRange", self.s3.get_object, Bucket=BUCKET, Key="k", Range="bytes=7-")
        self.s3.delete_object(Bucket=BUCKET, Key="k")
        self.refused("NoSuchKey", self.s3.get_object, Bucket=BUCKET, Key="k")
        self.refused("404", self.s3.head_object, Bucket=BUCKET, Key="k")

    def test_any_key_is_stored_as_given(self):
        keys = ["a b", "a+b", "a%20b", "a?b", "a#b", "a//b", "a/./b", "a/../b", "/a", "中/ü", "a&b=c", "*'()!~", "x" * 1024]
        for key in keys:
            self.put(key, key.encode())
            self.assertEqual(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(), key.encode(), key)
        listed = self.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        self.assertEqual([entry["Key"] for entry in listed], sorted(keys, key=lambda key: key.encode()))
        self.refused("KeyTooLongError", self.put, key="x" * 1025)

    def test_checksums_of_every_kind_are_compared(self):
        for algorithm in ["CRC32", "SHA1", "SHA256"]:
            put = self.put(ChecksumAlgorithm=algorithm)
            self.assertIn("Checksum" + algorithm, put)
        wrong = base64.b64encode(bytes(8)).decode()
        self.refused("BadDigest", self.put, ChecksumCRC64NVME=wrong)
        self.refused("BadDigest", self.put, ChecksumCRC32=base64.b64encode(bytes(4)).decode())
        self.refused("BadDigest", self.put, ContentMD5=base64.b64encode(bytes(16)).decode())
        self.refused("InvalidDigest", self.put, ContentMD5="short")
        self.assertEqual(self.put(ContentMD5=base64.b64encode(hashlib.md5(b"content").digest()).decode())["ETag"][1:3], "9a")
        right = self.put(body=b"123456789", ChecksumCRC64NVME="rosUhgp5mIg=")
        self.assertEqual(right["ChecksumCRC64NVME"], "rosUhgp5mIg=")
        bare = client(request_checksum_calculation="when_required")
        own = bare.put_object(Bucket=BUCKET, Key="k", Body=b"123456789")
        self.assertEqual((own["ChecksumCRC64NVME"], own["ChecksumType"]), ("rosUhgp5mIg=", "FULL_OBJECT"))

    def test_calls_are_recorded(self):
        data = os.urandom(300_000)
        self.put(body=io.BytesIO(data))
        call = control("GET", "calls")["Calls"][-1]
        sent = call["Parameters"]
        self.assertEqual((call["Service"], call["Action"], call["Status"]), ("s3", "PutObject", 200))
        self.assertEqual((sent["ContentLength"], sent["Bucket"], sent["Key"]), (300_000, BUCKET, "k"))
        self.assertEqual(sent["Headers"]["x-amz-checksum-crc32"], crc32(data))
        self.assertEqual(self.real("k")["Sha256"], hashlib.sha256(data).hexdigest())

    def test_conditions(self):
        first = self.put(IfNoneMatch="*")
        self.refused("PreconditionFailed", self.put, IfNoneMatch="*")
        self.put(IfMatch=first["ETag"])
        self.refused("PreconditionFailed", self.put, IfMatch='"other"')
        self.refused("NoSuchKey", self.put, key="new", IfMatch='"other"')

    def test_what_is_wrong_is_refused(self):
        self.refused("NoSuchBucket", self.s3.put_object, Bucket="no-such-bucket", Key="k", Body=b"")
        self.refused("InvalidStorageClass", self.put, StorageClass="COLD")
        self.refused("InvalidArgument", self.put, ACL="everyone")
        self.refused("MetadataTooLarge", self.put, Metadata={"a": "x" * 2048})
        self.refused("BadRequest", self.put, Tagging="&".join(f"k{n}=v" for n in range(11)))
        self.refused("InvalidArgument", self.put, ServerSideEncryption="AES256", SSEKMSKeyId="k")
        self.refused("NotImplemented", self.put, WebsiteRedirectLocation="/other")
        kms = self.put(ServerSideEncryption="aws:kms", SSEKMSKeyId="1234")
        self.assertTrue(kms["SSEKMSKeyId"].endswith(":key/1234"))

    def test_wrong_keys_clocks_and_regions(self):
        wrong = (emulator.AWS_KEY[0], "x" * 40)
        self.refused("SignatureDoesNotMatch", client(wrong).put_object, Bucket=BUCKET, Key="k", Body=b"")
        unknown = ("AKIAUNKNOWN", "x" * 40)
        self.refused("InvalidAccessKeyId", client(unknown).put_object, Bucket=BUCKET, Key="k", Body=b"")
        self.refused("ExpiredToken", client(emulator.AWS_EXPIRED).put_object, Bucket=BUCKET, Key="k", Body=b"")
        client(emulator.AWS_TEMPORARY).put_object(Bucket=BUCKET, Key="k", Body=b"")
        client(region="eu-west-1").head_object(Bucket=BUCKET, Key="k")
        calls = [(call["Action"], call["Region"], call["Status"]) for call in control("GET", "calls")["Calls"][-2:]]
        self.assertEqual(calls, [("HeadObject", "eu-west-1", 400), ("HeadObject", "us-east-1", 200)], "it went on where it was sent")
        control("POST", "settings", {"ClockOffsetSeconds": 901})
        self.refused("RequestTimeTooSkewed", self.put)

    def test_buckets_and_versions(self):
        self.s3.create_bucket(Bucket="another-bucket")
        names = [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]]
        self.assertEqual(names, ["another-bucket", BUCKET])
        self.assertEqual(self.s3.head_bucket(Bucket=BUCKET)["BucketRegion"], "us-east-1")
        self.refused("404", self.s3.head_bucket, Bucket="no-such-bucket")
        self.refused("IllegalLocationConstraintException", client(region="eu-west-1").create_bucket, Bucket="third-bucket")
        self.s3.put_bucket_versioning(Bucket="another-bucket", VersioningConfiguration={"Status": "Enabled"})
        one = self.s3.put_object(Bucket="another-bucket", Key="k", Body=b"1")["VersionId"]
        two = self.s3.put_object(Bucket="another-bucket", Key="k", Body=b"2")["VersionId"]
        mark = self.s3.delete_object(Bucket="another-bucket", Key="k")
        self.assertTrue(mark["DeleteMarker"])
        self.refused("NoSuchKey", self.s3.get_object, Bucket="another-bucket", Key="k")
        old = self.s3.get_object(Bucket="another-bucket", Key="k", VersionId=one)
        self.assertEqual(old["Body"].read(), b"1")
        self.refused("BucketNotEmpty", self.s3.delete_bucket, Bucket="another-bucket")
        for version in [one, two, mark["VersionId"]]:
            self.s3.delete_object(Bucket="another-bucket", Key="k", VersionId=version)
        self.s3.delete_bucket(Bucket="another-bucket")

    def test_lists_are_paged(self):
        for key in ["a", "b/1", "b/2", "c"]:
            self.put(key)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 1})
        self.assertEqual([entry["Key"] for page in pages for entry in page["Contents"]], ["a", "b/1", "b/2", "c"])
        grouped = self.s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")
        self.assertEqual([entry["Key"] for entry in grouped["Contents"]], ["a", "c"])
        self.assertEqual(grouped["CommonPrefixes"], [{"Prefix": "b/"}])


class Multipart(Base):
    def create(self, **more):
        return self.s3.create_multipart_upload(Bucket=BUCKET, Key="big", **more)["UploadId"]

    def part(self, upload, number, body, **more):
        return self.s3.upload_part(Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=number, Body=body, **more)

    def complete(self, upload, *parts, **more):
        listed = [{name: part[name] for name in part if name.startswith(("PartNumber", "ETag", "Checksum"))} for part in parts]
        return self.s3.complete_multipart_upload(
            Bucket=BUCKET, Key="big", UploadId=upload, MultipartUpload={"Parts": listed}, **more
        )

    def test_upload_file_and_download_file(self):
        data = os.urandom(12 * MIB + 17)
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
            with open(source, "wb") as file:
                file.write(data)
            self.s3.upload_file(source, BUCKET, "big", Config=PARTS, ExtraArgs={"Metadata": {"a": "b"}})
            real = self.real("big")
            self.assertEqual((real["Parts"], real["Size"], real["Metadata"]), (3, len(data), {"a": "b"}))
            self.assertEqual(real["Sha256"], hashlib.sha256(data).hexdigest())
            self.assertEqual(self.uploads(), [])
            self.s3.download_file(BUCKET, "big", target)
            with open(target, "rb") as file:
                self.assertEqual(file.read(), data)
        parts = [data[:5 * MIB], data[5 * MIB:10 * MIB], data[10 * MIB:]]
        digests = b"".join(hashlib.md5(part).digest() for part in parts)
        self.assertEqual(real["ETag"], hashlib.md5(digests).hexdigest() + "-3")

    def test_full_object_checksums_combine(self):
        parts = [b"a" * 5 * MIB, b"b" * 100]
        whole = crc32(b"".join(parts))
        upload = self.create(ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        sent = [{"PartNumber": n, **self.part(upload, n, body)} for n, body in enumerate(parts, 1)]
        wrong = base64.b64encode(bytes(4)).decode()
        self.refused("BadDigest", lambda: self.complete(upload, *sent, ChecksumCRC32=wrong, ChecksumType="FULL_OBJECT"))
        self.refused("InvalidRequest", lambda: self.complete(upload, *sent, MpuObjectSize=5))
        done = self.complete(upload, *sent, ChecksumCRC32=whole, ChecksumType="FULL_OBJECT", MpuObjectSize=5 * MIB + 100)
        self.assertEqual((done["ChecksumCRC32"], done["ChecksumType"]), (whole, "FULL_OBJECT"))
        head = self.s3.head_object(Bucket=BUCKET, Key="big", ChecksumMode="ENABLED")
        self.assertEqual((head["ChecksumCRC32"], head["ChecksumType"]), (whole, "FULL_OBJECT"))

    def test_composite_checksums_need_those_of_the_parts(self):
        upload = self.create(ChecksumAlgorithm="SHA256")
        self.refused("InvalidRequest", lambda: self.part(upload, 1, b"x", ChecksumAlgorithm="CRC32"))
        sent = {"PartNumber": 1, **self.part(upload, 1, b"x", ChecksumAlgorithm="SHA256")}
        bare = {name: sent[name] for name in ("PartNumber", "ETag")}
        answer = self.refused("InvalidRequest", lambda: self.complete(upload, bare))
        self.assertIn("It was missing for part 1", answer["Error"]["Message"])
        other = {**sent, "ChecksumSHA256": base64.b64encode(bytes(32)).decode()}
        self.refused("InvalidPart", lambda: self.complete(upload, other))
        done = self.complete(upload, sent)
        of_parts = hashlib.sha256(hashlib.sha256(b"x").digest()).digest()
        self.assertEqual((done["ChecksumSHA256"], done["ChecksumType"]), (base64.b64encode(of_parts).decode() + "-1", "COMPOSITE"))

    def test_completion_is_strict_and_can_be_repeated(self):
        upload = self.create()
        big = {"PartNumber": 1, **self.part(upload, 1, b"a" * 5 * MIB)}
        small = {"PartNumber": 2, **self.part(upload, 2, b"b")}
        last = {"PartNumber": 10_000, **self.part(upload, 10_000, b"c")}
        self.refused("InvalidArgument", lambda: self.part(upload, 10_001, b""))
        self.refused("InvalidPartOrder", lambda: self.complete(upload, small, big))
        self.refused("EntityTooSmall", lambda: self.complete(upload, big, small, last))
        self.refused("InvalidPart", lambda: self.complete(upload, {**big, "ETag": '"0"'}))
        self.refused("InvalidPart", lambda: self.complete(upload, {**big, "PartNumber": 3}))
        self.refused("MalformedXML", lambda: self.complete(upload))
        self.put("big", b"there already")
        self.refused("PreconditionFailed", lambda: self.complete(upload, big, last, IfNoneMatch="*"))
        done = self.complete(upload, big, last)
        self.assertEqual(self.complete(upload, big, last)["ETag"], done["ETag"])
        self.refused("NoSuchUpload", lambda: self.part(upload, 3, b""))

    def test_parts_and_uploads_are_listed_in_pages(self):
        upload = self.create(StorageClass="GLACIER")
        for number in (3, 1, 2):
            self.part(upload, number, b"x" * number)
        self.part(upload, 2, b"again")
        pages = self.s3.get_paginator("list_parts").paginate(
            Bucket=BUCKET, Key="big", UploadId=upload, PaginationConfig={"PageSize": 2}
        )
        parts = [(part["PartNumber"], part["Size"]) for page in pages for part in page["Parts"]]
        self.assertEqual(parts, [(1, 1), (2, 5), (3, 3)])
        others = [self.s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"] for key in ("big", "a", "z")]
        control("POST", "settings", {"PageCap": 1})
        pages = self.s3.get_paginator("list_multipart_uploads").paginate(Bucket=BUCKET)
        found = [(entry["Key"], entry["UploadId"]) for page in pages for entry in page["Uploads"]]
        self.assertEqual(found, sorted([("big", upload), ("big", others[0]), ("a", others[1]), ("z", others[2])]))
        self.s3.abort_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload)
        self.refused("NoSuchUpload", self.s3.abort_multipart_upload, Bucket=BUCKET, Key="big", UploadId=upload)
        self.assertEqual(len(self.uploads()), 3)

    def test_faults(self):
        def fault(kind, action="UploadPart", **more):
            control("POST", "faults", {"Kind": kind, "Cloud": "Aws", "Action": action, **more})

        with tempfile.NamedTemporaryFile() as source:
            source.write(os.urandom(6 * MIB))
            source.flush()
            fault("Throttle", Part=2)
            with self.assertRaisesRegex(Exception, "SlowDown"):
                self.s3.upload_file(source.name, BUCKET, "big", Config=PARTS)
            self.assertEqual(self.uploads(), [], "aborted")
            retrying = client(attempts=3)
            for kind, action, more in [
                ({"CutBody": 100_000}, "UploadPart", {"Part": 1}),
                ("CutAfter", "CompleteMultipartUpload", {}),
                ("WhiteSpace", "CompleteMultipartUpload", {}),
                ({"LateError": {"Code": "InternalError", "Message": "late"}}, "CompleteMultipartUpload", {}),
            ]:
                fault(kind, action, **more)
                retrying.upload_file(source.name, BUCKET, "big", Config=PARTS)
                with open(source.name, "rb") as file:
                    self.assertEqual(self.real("big")["Sha256"], hashlib.sha256(file.read()).hexdigest())
        fault("WrongChecksum", "PutObject")
        self.assertNotEqual(self.put()["ChecksumCRC32"], crc32(b"content"))
        self.assertEqual(self.s3.get_object(Bucket=BUCKET, Key="k")["Body"].read(), b"content")
        fault("Corrupt", "PutObject")
        self.assertNotEqual(self.put()["ChecksumCRC32"], crc32(b"content"))


if __name__ == "__main__":
    unittest.main()
