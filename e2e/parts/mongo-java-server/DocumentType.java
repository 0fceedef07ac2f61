import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.bson.BsonDecoder;
import de.bwaldvogel.mongo.wire.bson.BsonEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Map;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;

/** Documents in a file as BSON: as Java objects, which the backend would write, they are ten times slower to read. */
final class DocumentType extends BasicDataType<Document> {
  private static final int entryBytes = 100;

  /** What it takes in memory, roughly: the cache goes by that. */
  @Override
  public int getMemory(Document document) {
    return sizeOf(document);
  }

  private static int sizeOf(Object value) {
    if (value instanceof String text) return entryBytes + text.length();
    int size = entryBytes;
    if (value instanceof Map<?, ?> map) for (Object each : map.values()) size += sizeOf(each);
    if (value instanceof Collection<?> list) for (Object each : list) size += sizeOf(each);
    return size;
  }

  @Override
  public void write(WriteBuffer file, Document document) {
    ByteBuf bytes = Unpooled.buffer();
    BsonEncoder.encodeDocument(document, bytes);
    file.putVarInt(bytes.readableBytes()).put(bytes.nioBuffer());
  }

  @Override
  public Document read(ByteBuffer file) {
    int length = DataUtils.readVarInt(file);
    ByteBuf bytes = Unpooled.wrappedBuffer(file.slice(file.position(), length));
    file.position(file.position() + length);
    return BsonDecoder.decodeBson(bytes);
  }

  @Override
  public Document[] createStorage(int size) {
    return new Document[size];
  }
}
