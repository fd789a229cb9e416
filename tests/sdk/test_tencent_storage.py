"""COS through cos-python-sdk-v5, unmodified: it connects to the emulator and names COS's own host."""

import base64
import hashlib
import os
import tempfile
import unittest
from urllib.parse import urlparse

import crcmod.predefined
from qcloud_cos import CosConfig, CosS3Client
from qcloud_cos.cos_exception import CosClientError, CosServiceError

import emulator
from emulator import control

BUCKET, REGION = "cloudapi-demo-1250000000", "ap-guangzhou"
MIB = 1024 * 1024
ADDRESS = urlparse(emulator.URL or "http://127.0.0.1:1")


def client(key=emulator.TENCENT_KEY, region=REGION, retries=0):
    config = CosConfig(
        Region=region,
        SecretId=key[0],
        SecretKey=key[1],
        Token=key[2] if len(key) > 2 else None,
        Scheme="http",
        IP=ADDRESS.hostname,
        Port=ADDRESS.port,
        ServiceDomain=ADDRESS.netloc,
    )
    return CosS3Client(config, retry=retries)


def crc64(data):
    return str(crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)(data))


class Base(emulator.EmulatorCase):
    def setUp(self):
        super().setUp()
        self.cos = client()

    def refused(self, code, call, *arguments, **parameters):
        with self.assertRaises(CosServiceError) as caught:
            call(*arguments, **parameters)
        self.assertEqual(caught.exception.get_error_code(), code, caught.exception)
        return caught.exception

    def real(self, key):
        return control("POST", "object", {"Cloud": "Tencent", "Bucket": BUCKET, "Key": key})

    def uploads(self):
        return control("GET", "uploads")["Uploads"]

    def put(self, key="k", body=b"content", **more):
        return self.cos.put_object(Bucket=BUCKET, Key=key, Body=body, **more)


class Objects(Base):
    def test_an_object_comes_back_as_it_was_put(self):
        put = self.put(
            body=b"hello cos",
            EnableMD5=True,
            ContentType="text/x-test",
            CacheControl="no-cache",
            ContentDisposition="attachment",
            ContentEncoding="identity",
            ContentLanguage="de",
            Metadata={"x-cos-meta-owner": "team a/b"},
            StorageClass="STANDARD_IA",
            ACL="private",
        )
        self.assertEqual(put["ETag"], '"%s"' % hashlib.md5(b"hello cos").hexdigest())
        self.assertEqual(put["x-cos-hash-crc64ecma"], "13242225731321912570")
        got = self.cos.get_object(Bucket=BUCKET, Key="k")
        self.assertEqual(got["Body"].get_raw_stream().read(), b"hello cos")
        head = self.cos.head_object(Bucket=BUCKET, Key="k")
        for name, value in {
            "Content-Type": "text/x-test",
            "Content-Length": "9",
            "Cache-Control": "no-cache",
            "Content-Disposition": "attachment",
            "Content-Encoding": "identity",
            "Content-Language": "de",
            "x-cos-meta-owner": "team a/b",
            "x-cos-storage-class": "STANDARD_IA",
            "x-cos-hash-crc64ecma": "13242225731321912570",
        }.items():
            self.assertEqual(head[name], value, name)
        part = self.cos.get_object(Bucket=BUCKET, Key="k", Range="bytes=2-4")
        self.assertEqual(part["Body"].get_raw_stream().read(), b"llo")
        self.cos.delete_object(Bucket=BUCKET, Key="k")
        self.refused("NoSuchKey", self.cos.get_object, Bucket=BUCKET, Key="k")
        self.assertFalse(self.cos.object_exists(Bucket=BUCKET, Key="k"))

    def test_any_key_is_stored_as_given(self):
        keys = ["a b", "a+b", "a%20b", "a?b", "a#b", "a//b", "a/./b", "中/ü", "a&b=c", "*'()!~", "x" * 850]
        for key in keys:
            self.put(key, key.encode())
            self.assertEqual(self.real(key)["Sha256"], hashlib.sha256(key.encode()).hexdigest(), key)
        listed = self.cos.list_objects(Bucket=BUCKET)["Contents"]
        self.assertEqual([entry["Key"] for entry in listed], sorted(keys, key=lambda key: key.encode()))
        self.refused("KeyTooLong", self.put, key="x" * 851)

    def test_what_is_wrong_is_refused(self):
        wrong = base64.b64encode(bytes(16)).decode()
        self.refused("BadDigest", self.put, ContentMD5=wrong)
        self.refused("InvalidDigest", self.put, ContentMD5="short")
        self.refused("NoSuchBucket", self.cos.put_object, Bucket="other-1250000000", Key="k", Body=b"")
        self.refused("NoSuchBucket", client(region="ap-beijing").put_object, Bucket=BUCKET, Key="k", Body=b"")
        self.refused("InvalidStorageClass", self.put, StorageClass="GLACIER")
        self.refused("InvalidArgument", self.put, ACL="everyone")
        self.refused("MetadataTooLarge", self.put, Metadata={"x-cos-meta-a": "x" * 2048})
        self.put()
        error = self.refused("FileAlreadyExists", self.put, **{"Metadata": {"x-cos-forbid-overwrite": "true"}})
        self.assertEqual(error.get_status_code(), 409)
        self.assertTrue(error.get_request_id() and error.get_trace_id())

    def test_wrong_keys_and_clocks(self):
        def put(key):
            return lambda: client(key).put_object(Bucket=BUCKET, Key="k", Body=b"")

        self.refused("SignatureDoesNotMatch", put((emulator.TENCENT_KEY[0], "x" * 32)))
        self.refused("InvalidAccessKeyId", put(("AKIDUNKNOWN", "x" * 32)))
        self.refused("InvalidAccessKeyId", put(emulator.TENCENT_TEMPORARY[:2]))
        self.refused("ExpiredToken", put(emulator.TENCENT_EXPIRED))
        put(emulator.TENCENT_TEMPORARY)()
        control("POST", "settings", {"ClockOffsetSeconds": 20_000})
        self.refused("AccessDenied", self.put)
        control("POST", "settings", {"ClockOffsetSeconds": -600})
        self.refused("RequestTimeTooSkewed", self.put)

    def test_buckets_and_lists(self):
        self.cos.create_bucket(Bucket="another-1250000000")
        self.refused("BucketAlreadyOwnedByYou", self.cos.create_bucket, Bucket="another-1250000000")
        names = [bucket["Name"] for bucket in self.cos.list_buckets()["Buckets"]["Bucket"]]
        self.assertEqual(names, ["another-1250000000", BUCKET])
        self.cos.head_bucket(Bucket="another-1250000000")
        self.cos.delete_bucket(Bucket="another-1250000000")
        self.refused("NoSuchResource", self.cos.head_bucket, Bucket="another-1250000000")
        for key in ["a", "b/1", "b/2", "c"]:
            self.put(key)
        found, marker = [], ""
        while True:
            page = self.cos.list_objects(Bucket=BUCKET, MaxKeys=1, Marker=marker)
            found += [entry["Key"] for entry in page["Contents"]]
            if page["IsTruncated"] == "false":
                break
            marker = page["NextMarker"]
        self.assertEqual(found, ["a", "b/1", "b/2", "c"])


class Multipart(Base):
    def create(self, **more):
        return self.cos.create_multipart_upload(Bucket=BUCKET, Key="big", **more)["UploadId"]

    def part(self, upload, number, body, **more):
        answer = self.cos.upload_part(Bucket=BUCKET, Key="big", UploadId=upload, PartNumber=number, Body=body, **more)
        return {"PartNumber": number, "ETag": answer["ETag"], "crc64": answer["x-cos-hash-crc64ecma"]}

    def complete(self, upload, *parts):
        listed = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
        return self.cos.complete_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload, MultipartUpload={"Part": listed})

    def test_upload_file_in_parts_with_md5(self):
        data = os.urandom(3 * MIB + 17)
        with tempfile.NamedTemporaryFile() as source:
            source.write(data)
            source.flush()
            self.cos.upload_file(Bucket=BUCKET, Key="big", LocalFilePath=source.name, PartSize=1, EnableMD5=True)
        real = self.real("big")
        self.assertEqual((real["Parts"], real["Size"]), (4, len(data)))
        self.assertEqual(real["Sha256"], hashlib.sha256(data).hexdigest())
        self.assertEqual(real["Checksum"], crc64(data))
        self.assertEqual(self.cos.head_object(Bucket=BUCKET, Key="big")["x-cos-hash-crc64ecma"], crc64(data))
        self.assertEqual(self.uploads(), [])
        with tempfile.TemporaryDirectory() as folder:
            target = os.path.join(folder, "target")
            self.cos.download_file(Bucket=BUCKET, Key="big", DestFilePath=target, EnableCRC=True)
            with open(target, "rb") as file:
                self.assertEqual(file.read(), data)

    def test_an_upload_is_resumed(self):
        data = os.urandom(3 * MIB)
        with tempfile.NamedTemporaryFile() as source:
            source.write(data)
            source.flush()
            control("POST", "faults", {"Kind": "InternalError", "Cloud": "Tencent", "Action": "UploadPart", "Part": 2, "Times": 9})
            with self.assertRaises(CosClientError):
                self.cos.upload_file(Bucket=BUCKET, Key="big", LocalFilePath=source.name, PartSize=1)
            (upload,) = self.uploads()
            self.assertEqual([part["PartNumber"] for part in upload["Parts"]], [1, 3])
            control("DELETE", "faults")
            control("DELETE", "calls")
            self.cos.upload_file(Bucket=BUCKET, Key="big", LocalFilePath=source.name, PartSize=1)
        sent = [call["Parameters"]["PartNumber"] for call in control("GET", "calls")["Calls"] if call["Action"] == "UploadPart"]
        self.assertEqual(sent, [2])
        self.assertEqual(self.real("big")["Sha256"], hashlib.sha256(data).hexdigest())

    def test_completion_is_strict(self):
        upload = self.create()
        big = self.part(upload, 1, b"a" * MIB)
        self.assertEqual(big["crc64"], crc64(b"a" * MIB))
        small, last = self.part(upload, 2, b"b"), self.part(upload, 10_000, b"c")
        self.refused("InvalidArgument", self.part, upload, 10_001, b"")
        self.refused("InvalidPartOrder", self.complete, upload, small, big)
        self.refused("EntityTooSmall", self.complete, upload, big, small, last)
        self.refused("InvalidPart", self.complete, upload, {**big, "ETag": '"0"'})
        self.refused("InvalidPart", self.complete, upload, {**big, "PartNumber": 3})
        done = self.complete(upload, big, last)
        self.assertEqual(done["x-cos-hash-crc64ecma"], crc64(b"a" * MIB + b"c"))
        self.refused("NoSuchUpload", self.complete, upload, big, last)
        self.refused("NoSuchUpload", self.part, upload, 3, b"")

    def test_parts_and_uploads_are_listed_in_pages(self):
        upload = self.create(StorageClass="ARCHIVE")
        for number in (3, 1, 2):
            self.part(upload, number, b"x" * number)
        found, marker = [], 0
        while True:
            page = self.cos.list_parts(
                Bucket=BUCKET, Key="big", UploadId=upload, MaxParts=2, PartNumberMarker=marker, EncodingType="url"
            )
            found += [(part["PartNumber"], part["Size"]) for part in page["Part"]]
            if page["IsTruncated"] == "false":
                break
            marker = page["NextPartNumberMarker"]
        self.assertEqual(found, [("1", "1"), ("2", "2"), ("3", "3")])
        listed = self.cos.list_multipart_uploads(Bucket=BUCKET, Prefix="b")["Upload"]
        self.assertEqual([entry["UploadId"] for entry in listed], [upload])
        self.cos.abort_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload)
        self.refused("NoSuchUpload", self.cos.abort_multipart_upload, Bucket=BUCKET, Key="big", UploadId=upload)
        self.assertEqual(self.uploads(), [])

    def test_faults(self):
        def fault(kind, action, **more):
            control("POST", "faults", {"Kind": kind, "Cloud": "Tencent", "Action": action, **more})

        upload = self.create()
        fault("Throttle", "UploadPart", Part=1)
        self.refused("SlowDown", self.part, upload, 1, b"x")
        fault({"CutBody": 100_000}, "UploadPart", Part=1)
        with self.assertRaises(CosClientError):
            self.part(upload, 1, b"x" * MIB)
        self.assertEqual(self.uploads()[0]["Parts"], [])
        fault("WrongChecksum", "UploadPart")
        self.assertNotEqual(self.part(upload, 1, b"x")["crc64"], crc64(b"x"))
        fault("Corrupt", "UploadPart")
        self.assertNotEqual(self.part(upload, 1, b"x")["crc64"], crc64(b"x"))
        part = self.part(upload, 1, b"x")
        fault({"LateError": {"Code": "InternalError", "Message": "late"}}, "CompleteMultipartUpload")
        self.refused("InternalError", self.complete, upload, part)
        self.assertEqual(len(self.uploads()), 1)
        self.complete(upload, part)
        self.assertEqual(self.real("big")["Size"], 1)


if __name__ == "__main__":
    unittest.main()
