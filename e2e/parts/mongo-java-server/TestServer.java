import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import org.h2.mvstore.MVStore;

/** Starts the wire-compatible server at a port on loopback: in memory, or with a file that survives a kill. */
public final class TestServer {
  /** What current drivers ask for; the server itself announces an older one. */
  private static final class Recent implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(6, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 17;
    }
  }

  /** What is answered is in the file: the server alone would write it up to a second later. */
  private static MongoBackend journaled(String file) {
    MVStore store = new MVStore.Builder().fileName(file).autoCommitDisabled().open();
    MongoBackend backend = new H2Backend(store);
    return (MongoBackend)
        Proxy.newProxyInstance(
            TestServer.class.getClassLoader(),
            new Class<?>[] {MongoBackend.class},
            (proxy, method, given) -> {
              try {
                Object answer = method.invoke(backend, given);
                if (method.getName().startsWith("handle")) store.commit();
                return method.getName().equals("version") ? proxy : answer;
              } catch (InvocationTargetException error) {
                throw error.getCause();
              }
            });
  }

  public static void main(String[] args) {
    int port = Integer.parseInt(args[0]);
    MongoBackend backend = args.length > 1 ? journaled(args[1]) : new MemoryBackend();
    MongoServer server = new MongoServer(backend.version(new Recent()));
    server.bind("127.0.0.1", port);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
  }
}
